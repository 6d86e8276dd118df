// Common phrases: a button marked data-yw-insert="id" puts its words at the end of that field; the list that holds them
// (data-yw-phrases) is hidden until there is script, because only script can do it.

export function enablePhrases(page) {
  for (const list of page.querySelectorAll("[data-yw-phrases]")) list.hidden = false;
  page.addEventListener("click", (event) => {
    const button = event.target.closest("[data-yw-insert]");
    if (!button) return;
    const field = page.getElementById(button.dataset.ywInsert);
    field.value = field.value.trim() ? `${field.value.trimEnd()}\n${button.textContent}` : button.textContent;
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
