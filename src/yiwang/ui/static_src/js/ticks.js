// "Tick all on this page": a box marked data-yw-all="name" ticks every box of that name; a status element marked
// data-yw-ticked="name" says how many are ticked.

function boxes(page, name) {
  return [...page.querySelectorAll(`input[type=checkbox][name="${CSS.escape(name)}"]`)];
}

function tell(page, name) {
  const ticked = boxes(page, name).filter((box) => box.checked).length;
  for (const element of page.querySelectorAll(`[data-yw-ticked="${CSS.escape(name)}"]`)) {
    element.textContent = element.dataset.ywTemplate.replace("0", String(ticked));
  }
}

export function enableTicks(page) {
  page.addEventListener("change", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement) || box.type !== "checkbox") return;
    const all = box.dataset.ywAll;
    if (all) for (const one of boxes(page, all)) one.checked = box.checked;
    tell(page, all || box.name);
  });
}
