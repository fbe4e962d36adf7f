// Passkeys of one's own account: adding one in this browser, and removing one.
// @ts-check
import { actionForm } from "../forms/action-form.js";
import { passwordField } from "../forms/login-fields.js";
import { textField } from "../forms/text-field.js";
import { panelSection, thing, thingList } from "../forms/things.js";
import { callApi } from "../server/api.js";
import { me } from "../server/me.js";
import { browserName } from "../ui/browser-name.js";
import { make } from "../ui/dom.js";
import { shortDate } from "../ui/format.js";
import { addPasskey, hasPasskeys } from "./webauthn.js";

/**
 * @param {{ id: string, name: string, created: string }[]} passkeys
 * @param {boolean} hasPassword
 * @param {() => void} reload
 */
export function passkeysSection(passkeys, hasPassword, reload) {
  const items = passkeys.map(({ id, name, created }) =>
    thing({
      name,
      note: `Added ${shortDate(created)}`,
      buttons: [{ label: "Remove", about: `the passkey ${name}`, run: (button) => void remove(id, button) }],
    }),
  );
  const section = panelSection(
    "Passkeys",
    "Log in with your fingerprint, your face or the screen lock of your device instead of a password.",
    thingList(items, "You have no passkeys."),
  );
  if (me().logins.passkey && hasPasskeys()) section.append(addButton());
  else
    section.append(
      make(
        "p",
        { class: "panel-note" },
        "To add one, open this page over HTTPS and under the name of the server.",
      ),
    );

  function addButton() {
    const add = make("button", { type: "button" }, "Add a passkey");
    add.addEventListener("click", () => {
      const name = textField("Name of the passkey", {
        required: "",
        maxlength: "64",
        value: browserName(navigator.userAgent),
      });
      const password = passwordField("Your password");
      const form = actionForm({
        fields: hasPassword ? [name.element, password.element] : [name.element],
        label: "Add passkey",
        send: () => addPasskey(name.input.value.trim(), password.input.value),
        onDone: reload,
      });
      add.replaceWith(form);
      form.querySelector("input")?.focus();
    });
    return add;
  }

  /** @param {string} id @param {HTMLButtonElement} button */
  async function remove(id, button) {
    button.disabled = true;
    await callApi(`/api/account/passkeys/${encodeURIComponent(id)}`, { method: "DELETE" });
    reload();
  }
  return section;
}
