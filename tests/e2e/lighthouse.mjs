// Ask Lighthouse how accessible pages are. Arguments: the debugging port of a running Chromium; addresses on standard
// input, one a line. Writes one JSON line a page: its address, its score (0 to 100), and the audits that cost points.
import { createInterface } from "node:readline";
import { snapshot } from "lighthouse";
import puppeteer from "puppeteer-core";

const config = {
  extends: "lighthouse:default",
  settings: {
    onlyCategories: ["accessibility"],
    formFactor: "desktop",
    screenEmulation: { disabled: true },
    disableFullPageScreenshot: true,
  },
};
const browser = await puppeteer.connect({ browserURL: `http://127.0.0.1:${process.argv[2]}`, defaultViewport: null });
const page = await browser.newPage();
await page.setViewport({ width: 1280, height: 900 });
for await (const address of createInterface({ input: process.stdin })) {
  await page.goto(address, { waitUntil: "load" });
  const { lhr } = await snapshot(page, { config });
  const category = lhr.categories.accessibility;
  const failed = category.auditRefs
    .filter((one) => one.weight > 0 && lhr.audits[one.id].score === 0)
    .map((one) => one.id);
  console.log(JSON.stringify({ address, score: Math.round(category.score * 100), failed }));
}
await page.close();
await browser.disconnect();
