// What script adds to pages that already work without it: GOV.UK Frontend's small behaviours, htmx for saved drafts
// and partial updates, and the desk's keys. Nothing here evaluates text as code (strict CSP).
import { Button } from "govuk-frontend/dist/govuk/components/button/button.mjs";
import { CharacterCount } from "govuk-frontend/dist/govuk/components/character-count/character-count.mjs";
import { Checkboxes } from "govuk-frontend/dist/govuk/components/checkboxes/checkboxes.mjs";
import { ErrorSummary } from "govuk-frontend/dist/govuk/components/error-summary/error-summary.mjs";
import { FileUpload } from "govuk-frontend/dist/govuk/components/file-upload/file-upload.mjs";
import { Radios } from "govuk-frontend/dist/govuk/components/radios/radios.mjs";
import "htmx.org";
import { enableKeys } from "./keys.js";
import { enableNear } from "./near.js";
import { enablePasskeys } from "./passkey.js";
import { enablePhrases } from "./phrases.js";
import { enablePrint } from "./print.js";
import { enableTicks } from "./ticks.js";
import { enableTyped } from "./typed.js";

const modules = {
  "govuk-button": Button,
  "govuk-character-count": CharacterCount,
  "govuk-checkboxes": Checkboxes,
  "govuk-error-summary": ErrorSummary,
  "govuk-file-upload": FileUpload,
  "govuk-radios": Radios,
};

// One broken part must not stop the others, so each is started by itself. Parts that run already refuse a second start.
function start(scope) {
  for (const [name, Component] of Object.entries(modules)) {
    for (const element of scope.querySelectorAll(`[data-module="${name}"]:not([data-${name}-init])`)) {
      try {
        new Component(element);
      } catch (error) {
        console.warn(name, error);
      }
    }
  }
}

document.body.classList.add("js-enabled", "govuk-frontend-supported");
enableTyped(document);
start(document);
enableKeys(document);
enableTicks(document);
enablePasskeys(document);
enableNear(document);
enablePhrases(document);
enablePrint(document);
document.addEventListener("htmx:after:swap", () => start(document));
