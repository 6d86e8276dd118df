// Buttons that print the page or copy an address: hidden until there is script, because only script can do it.

export function enablePrint(page) {
  for (const button of page.querySelectorAll("[data-yw-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
  for (const button of page.querySelectorAll("[data-yw-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(page.getElementById(button.dataset.ywCopy).value);
      button.textContent = button.dataset.ywDone;
    });
  }
}
