// The panel for owners: all accounts, inviting somebody by a link, and disabling an account.
// @ts-check
import { actionForm, failureText } from "../forms/action-form.js";
import { copyText } from "../forms/copy-text.js";
import { loaded } from "../forms/loaded.js";
import { openPanel } from "../forms/panel.js";
import { qrCode } from "../forms/qr.js";
import { textField } from "../forms/text-field.js";
import { panelSection, thing, thingList } from "../forms/things.js";
import { callApi } from "../server/api.js";
import { serverUrl } from "../server/base.js";
import { me } from "../server/me.js";
import { showDialog } from "../ui/dialog.js";
import { joinWithDots, make } from "../ui/dom.js";
import { shortDate } from "../ui/format.js";

/** @typedef {{ name: string, owner: boolean, disabled: boolean, hasPassword: boolean, secondFactor: boolean }} Account */

export function openAccountsPanel() {
  const result = make("div", { class: "loaded", "aria-live": "polite" });
  const list = loaded("/api/accounts", ({ accounts }) => [
    thingList(
      accounts.map((/** @type {Account} */ account) => item(account)),
      "There are no accounts.",
    ),
  ]);
  const name = textField("Name", {
    required: "",
    maxlength: "64",
    autocomplete: "off",
    autocapitalize: "none",
  });
  const form = actionForm({
    fields: [name.element],
    label: "Invite",
    send: () => callApi("/api/accounts", { method: "POST", json: { name: name.input.value.trim() } }),
    onDone(body) {
      form.reset();
      showLink(body, true);
      list.reload();
    },
  });

  /** @param {Record<string, any>} invite @param {boolean} isNew */
  function showLink({ name, path, expires }, isNew) {
    const url = `${location.origin}${serverUrl(path)}`;
    const parts = [
      make(
        "p",
        {},
        "Send this link to ",
        make("strong", {}, make("bdi", {}, name)),
        `. It sets a password, works once, and is valid until ${shortDate(expires)}.`,
      ),
      copyText(`Link for ${name}`, url),
      qrCode(url, `QR code of the link for ${name}`),
    ];
    if (isNew)
      parts.push(
        make(
          "p",
          { class: "panel-note" },
          "The account cannot open anything yet. To give it a folder, run this on the server:",
        ),
        copyText("Command that gives the account a folder", `sluice grant ${name} FOLDER read,write`),
      );
    result.replaceChildren(...parts);
    result.scrollIntoView({ block: "nearest" });
  }

  /** @param {Account} account */
  function item({ name, owner, disabled, hasPassword, secondFactor }) {
    const change = disabled
      ? { label: "Enable", about: name, run: () => void set(name, false) }
      : { label: "Disable", about: name, run: () => void disable(name) };
    return thing({
      name,
      note: joinWithDots(
        owner ? "owner" : "",
        disabled ? "disabled" : "",
        hasPassword ? "" : "invited",
        secondFactor ? "second factor" : "",
      ),
      buttons: [
        { label: "New password", about: `for ${name}`, run: () => void reset(name) },
        ...(name === me().name ? [] : [change]),
      ],
    });
  }

  /** @param {string} name */
  async function disable(name) {
    const answer = await showDialog({
      title: `Disable ${name}?`,
      body: [
        make(
          "p",
          { class: "dialog-note" },
          "The account is logged out at once. Its tokens and links stop working until it is enabled again; its files stay.",
        ),
      ],
      buttons: [{ label: "Disable account", value: "disable", kind: "danger" }],
    });
    if (answer !== "") await set(name, true);
  }

  /** @param {string} name @param {boolean} disabled */
  async function set(name, disabled) {
    const path = `/api/accounts/${encodeURIComponent(name)}`;
    const answer = await callApi(path, { method: "PATCH", json: { disabled } });
    showFailure(answer);
    list.reload();
  }

  /** @param {string} name */
  async function reset(name) {
    const path = `/api/accounts/${encodeURIComponent(name)}/reset`;
    const answer = await callApi(path, { method: "POST", json: {} });
    if (answer.problem === undefined) showLink(answer.body, false);
    else showFailure(answer);
  }

  /** @param {import("../server/api.js").Success | import("../server/api.js").Failure} answer */
  function showFailure(answer) {
    if (answer.problem === undefined) return result.replaceChildren();
    result.replaceChildren(make("p", { class: "form-error" }, failureText(answer)));
  }

  openPanel({
    title: "Accounts",
    content: [list.element, panelSection("Invite somebody", "", form, result)],
  });
}
