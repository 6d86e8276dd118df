// Keys of the desk. An element says its own key: data-yw-key="t" is clicked, a field is focused. Rows marked
// data-yw-row are walked with J and K; the element inside marked data-yw-open is followed with Enter, the box ticked with X.

function typing(target) {
  return target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]") !== null;
}

function step(page, by) {
  const rows = [...page.querySelectorAll("[data-yw-row]")];
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.contains(page.activeElement));
  const row = rows[Math.min(Math.max(at + by, 0), rows.length - 1)];
  const link = row.querySelector("[data-yw-open]");
  if (link) link.focus();
}

// What an opened form begins with.
function first(box) {
  return box.open ? box.querySelector("input:not([type=hidden]), select, textarea, :scope details > summary, button") : null;
}

export function enableKeys(page) {
  page.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const key = event.key.toLowerCase();
    if ((key === "j" || key === "k") && page.querySelector("[data-yw-row]")) return step(page, key === "j" ? 1 : -1);
    if (key === "x") {
      const row = page.activeElement.closest("[data-yw-row]");
      const box = row && row.querySelector("input[type=checkbox]");
      if (box) box.click();
      return;
    }
    if (!/^[a-z0-9/?[\]]$/.test(key)) return;
    const element = page.querySelector(`[data-yw-key="${CSS.escape(key)}"]`);
    if (!element) return;
    event.preventDefault();
    if (element.matches("input, select, textarea")) return element.focus();
    element.click();
    if (element.matches("summary")) first(element.parentElement)?.focus();
  });
}
