// What is typed outlives a change of edition or language. The page is loaded anew then; until it is, what its forms hold
// stays in this tab. Passwords are not kept, and a chosen file cannot be.

const KEY = "yw-typed";

function fields(page) {
  const seen = new Map();
  return [...page.querySelectorAll(":is(input, select, textarea)[name]")]
    .filter((field) => !["hidden", "password", "file", "submit"].includes(field.type))
    .map((field) => {
      const before = seen.get(field.name) ?? 0;
      seen.set(field.name, before + 1);
      return [`${field.name} ${before}`, field];
    });
}

function held(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked;
  if (field instanceof HTMLSelectElement) return [...field.selectedOptions].map((option) => option.value);
  return field.value;
}

function fill(field, value) {
  if (typeof value === "boolean") field.checked = value;
  else if (Array.isArray(value)) for (const option of field.options) option.selected = value.includes(option.value);
  else field.value = value;
}

// To be called before other parts start: they look at what is ticked.
export function enableTyped(page) {
  const place = location.pathname + location.search;
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    sessionStorage.removeItem(KEY);
    if (kept?.place === place) {
      for (const [name, field] of fields(page)) if (name in kept.values) fill(field, kept.values[name]);
    }
    page.addEventListener("submit", (event) => {
      if (!event.target.matches("form[data-yw-display]")) return;
      const values = Object.fromEntries(fields(page).map(([name, field]) => [name, held(field)]));
      sessionStorage.setItem(KEY, JSON.stringify({ place, values }));
    });
  } catch (error) {
    console.warn("typed", error); // a browser that keeps nothing
  }
}
