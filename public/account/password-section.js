// Changing one's own password.
// @ts-check
import { actionForm } from "../forms/action-form.js";
import { newPasswordField, passwordField } from "../forms/login-fields.js";
import { panelSection } from "../forms/things.js";
import { callApi } from "../server/api.js";
import { make } from "../ui/dom.js";

/** @param {string} account */
export function passwordSection(account) {
  // Password managers look for a user name beside a new password.
  const name = make("input", {
    name: "username",
    autocomplete: "username",
    value: account,
    readonly: "",
    hidden: "",
  });
  const password = passwordField("Current password");
  const next = newPasswordField("New password");
  const done = make("p", { class: "form-done", role: "status" });
  const form = actionForm({
    fields: [name, password.element, next.element],
    label: "Change password",
    send: () => {
      done.textContent = "";
      const json = { password: password.input.value, next: next.input.value };
      return callApi("/api/account/password", { method: "PUT", json });
    },
    onDone() {
      form.reset();
      done.textContent = "The password is changed.";
    },
  });
  const note = "A new password logs you out everywhere else, and ends your access tokens.";
  return panelSection("Password", note, form, done);
}
