// The panel about access tokens: making one for a program, seeing it once, and revoking it.
// @ts-check
import { actionForm } from "../forms/action-form.js";
import { choices, selectField } from "../forms/choices.js";
import { copyText } from "../forms/copy-text.js";
import { loaded } from "../forms/loaded.js";
import { openPanel } from "../forms/panel.js";
import { textField } from "../forms/text-field.js";
import { panelSection, thing, thingList } from "../forms/things.js";
import { callApi } from "../server/api.js";
import { me } from "../server/me.js";
import { showDialog } from "../ui/dialog.js";
import { joinWithDots, make } from "../ui/dom.js";
import { shortDate } from "../ui/format.js";

const DAY = 86_400;
/** @type {[string, string][]} */
const LIFETIMES = [
  [`${7 * DAY}`, "7 days"],
  [`${30 * DAY}`, "30 days"],
  [`${90 * DAY}`, "90 days"],
  [`${365 * DAY}`, "1 year"],
  [`${3650 * DAY}`, "10 years"],
];
/** @type {[string, string][]} */
const WORDS = [
  ["read", "Read and download files"],
  ["write", "Add files and folders"],
  ["replace", "Replace existing files"],
  ["delete", "Delete and move"],
  ["share", "Make links"],
];

/** @typedef {{ id: string, name: string, account: string, words: string[] | null, path: string | null, created: string, expires: string | null }} Token */

/** @param {string} folder offered as the folder of a new token */
export function openTokensPanel(folder) {
  const made = make("div", { "aria-live": "polite" });
  const list = loaded("/api/tokens", ({ tokens }, reload) => [
    thingList(
      tokens.map((/** @type {Token} */ token) => tokenItem(token, reload)),
      "You have no tokens.",
    ),
  ]);
  const form = tokenForm(folder, ({ token }) => {
    made.replaceChildren(
      make("p", { class: "form-done" }, "Copy the token now: it is not shown again."),
      copyText("Token", token),
    );
    list.reload();
  });
  openPanel({
    title: "Access tokens",
    content: [
      panelSection(
        "",
        "A program logs in with a token instead of your password. A token can do what you can, or less, and can be revoked without the others.",
        list.element,
      ),
      panelSection("New token", "", form, made),
    ],
  });
}

/** @param {Token} token @param {() => void} reload */
function tokenItem({ id, name, account, words, path, expires }, reload) {
  const scope =
    words === null ? "everything" : words.filter((word) => word !== "list" || words.length === 1).join(", ");
  return thing({
    name,
    note: joinWithDots(
      account === me().name ? "" : account,
      path === null || path === "" ? scope : `${scope} in ${path}`,
      expires === null ? "" : `until ${shortDate(expires)}`,
    ),
    buttons: [{ label: "Revoke", about: `the token ${name}`, run: () => void revoke() }],
  });

  async function revoke() {
    const answer = await showDialog({
      title: `Revoke “${name}”?`,
      body: [make("p", { class: "dialog-note" }, "Programs that use it are refused from then on.")],
      buttons: [{ label: "Revoke token", value: "revoke", kind: "danger" }],
    });
    if (answer === "") return;
    await callApi(`/api/tokens/${id}`, { method: "DELETE" });
    reload();
  }
}

/** @param {string} folder @param {(body: Record<string, any>) => void} onDone */
function tokenForm(folder, onDone) {
  const name = textField("Name", {
    required: "",
    maxlength: "120",
    placeholder: "Backup of the laptop",
    autocomplete: "off",
  });
  const words = choices("What the program may do", WORDS, ["read", "write"]);
  const path = textField("In the folder", {
    value: folder,
    maxlength: "4096",
    placeholder: "all folders",
    autocomplete: "off",
  });
  const expires = selectField("Expires after", LIFETIMES, `${90 * DAY}`);
  const form = actionForm({
    fields: [name.element, words.element, make("div", { class: "form-row" }, path.element, expires.element)],
    label: "Make token",
    send: () => {
      const json = {
        name: name.input.value.trim(),
        words: words.values(),
        path: path.input.value.trim().replaceAll(/^\/+|\/+$/g, ""),
        expires: Number(expires.select.value),
      };
      return callApi("/api/tokens", { method: "POST", json });
    },
    onDone(body) {
      form.reset();
      onDone(body);
    },
  });
  return form;
}
