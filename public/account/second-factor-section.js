// The second factor: adding an authenticator app with a QR code and its first code, and removing it.
// @ts-check
import { actionForm } from "../forms/action-form.js";
import { copyText } from "../forms/copy-text.js";
import { codeField, passwordField } from "../forms/login-fields.js";
import { qrCode } from "../forms/qr.js";
import { panelSection } from "../forms/things.js";
import { callApi } from "../server/api.js";
import { make } from "../ui/dom.js";

/** @param {boolean} isOn @param {() => void} reload */
export function secondFactorSection(isOn, reload) {
  const open = make(
    "button",
    { type: "button" },
    isOn ? "Remove the second factor" : "Add an authenticator app",
  );
  const note = isOn
    ? "Logging in with your password also needs a code from your authenticator app."
    : "With a second factor, a stolen password is not enough: logging in also needs a code from an app on your phone.";
  const section = panelSection("Second factor", note, open);
  open.addEventListener("click", () => {
    const form = isOn
      ? removalForm(reload)
      : passwordForm((body) => form.replaceWith(codeForm(body, reload)));
    open.replaceWith(form);
    form.querySelector("input")?.focus();
  });
  return section;
}

/** @param {() => void} onDone */
function removalForm(onDone) {
  const password = passwordField("Your password");
  return actionForm({
    fields: [password.element],
    label: "Remove",
    kind: "danger",
    send: () =>
      callApi("/api/account/totp/remove", { method: "POST", json: { password: password.input.value } }),
    onDone,
  });
}

/** @param {(body: Record<string, any>) => void} onDone */
function passwordForm(onDone) {
  const password = passwordField("Your password");
  return actionForm({
    fields: [password.element],
    label: "Continue",
    send: () => callApi("/api/account/totp", { method: "POST", json: { password: password.input.value } }),
    onDone,
  });
}

/** @param {Record<string, any>} made the secret, its address and its seal @param {() => void} onDone */
function codeForm({ secret, uri, seal }, onDone) {
  const code = codeField("Code from the app", { required: "" });
  return actionForm({
    fields: [
      make("p", {}, "Scan this with your authenticator app, or type the key into it."),
      qrCode(uri, "QR code for the authenticator app"),
      copyText("Key for the authenticator app", secret),
      code.element,
    ],
    label: "Turn on the second factor",
    send: () => {
      const json = { secret, seal, code: code.digits() };
      return callApi("/api/account/totp", { method: "PUT", json });
    },
    onDone,
  });
}
