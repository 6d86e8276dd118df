// Passkeys (WebAuthn). An element marked data-yw-passkey="create|get" stands in a form and holds a button and a hidden input
// named "answer": the button fetches a challenge from data-yw-options, asks the device, and sends the form with its answer.

function bytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  const letters = Array.from(new Uint8Array(buffer), (one) => String.fromCharCode(one)).join("");
  return btoa(letters).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function readable(options) {
  const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));
  const read = { ...options, challenge: bytes(options.challenge) };
  if (options.user) read.user = { ...options.user, id: bytes(options.user.id) };
  if (options.excludeCredentials) read.excludeCredentials = known(options.excludeCredentials);
  if (options.allowCredentials) read.allowCredentials = known(options.allowCredentials);
  return read;
}

function sendable(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

async function ask(part, form) {
  const posted = await fetch(part.dataset.ywOptions, { method: "POST", body: new FormData(form) });
  if (!posted.ok) throw new Error(`options ${posted.status}`);
  const publicKey = readable(await posted.json());
  return part.dataset.ywPasskey === "create"
    ? navigator.credentials.create({ publicKey })
    : navigator.credentials.get({ publicKey });
}

export function enablePasskeys(page) {
  if (!window.PublicKeyCredential) return;
  for (const part of page.querySelectorAll("[data-yw-passkey]")) {
    const form = part.closest("form");
    const button = part.querySelector("button");
    const failed = part.querySelector("[data-yw-failed]");
    part.querySelector("[data-yw-plain]").hidden = true;
    button.hidden = false;
    button.addEventListener("click", async (event) => {
      event.preventDefault(); // the form goes when the device has answered
      button.disabled = true;
      failed.hidden = true;
      try {
        form.elements.answer.value = sendable(await ask(part, form));
        form.submit();
      } catch (error) {
        failed.hidden = false;
        button.disabled = false;
      }
    });
  }
}
