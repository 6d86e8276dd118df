// "Sort by where I am": the device's position is compared with the points in the page, here in the browser; it is sent
// nowhere. A button marked data-yw-near appears where a device can say where it is; each line says data-yw-at="lat,long".

const EARTH = 6371;

function kilometres([north, east], [otherNorth, otherEast]) {
  const radians = (degrees) => (degrees * Math.PI) / 180;
  const half =
    Math.sin(radians(otherNorth - north) / 2) ** 2 +
    Math.cos(radians(north)) * Math.cos(radians(otherNorth)) * Math.sin(radians(otherEast - east) / 2) ** 2;
  return 2 * EARTH * Math.asin(Math.min(1, Math.sqrt(half)));
}

function sort(list, button, here) {
  const lines = [...list.children].map((line) => {
    const at = (line.dataset.ywAt || "").split(",").map(Number);
    return { line, apart: at.length === 2 ? kilometres(here, at) : Infinity };
  });
  lines.sort((one, other) => one.apart - other.apart);
  for (const { line, apart } of lines) {
    list.append(line);
    const words = line.querySelector("[data-yw-distance]");
    if (!words || apart === Infinity) continue;
    words.textContent = `${button.dataset.ywKilometres.replace("%(km)s", apart.toFixed(1))} · `;
    words.hidden = false;
  }
}

export function enableNear(page) {
  const button = page.querySelector("[data-yw-near]");
  const list = page.querySelector("[data-yw-near-list]");
  if (!button || !list || !navigator.geolocation) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(
      (found) => sort(list, button, [found.coords.latitude, found.coords.longitude]),
      () => {
        page.querySelector("[data-yw-near-said]").textContent = button.dataset.ywRefused;
      },
      { maximumAge: 600000, timeout: 10000 },
    );
  });
}
