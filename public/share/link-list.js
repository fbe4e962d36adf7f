// The list of links: what each is for, its state, and changing, closing or renewing it.
// @ts-check
import { actionForm } from "../forms/action-form.js";
import { loaded } from "../forms/loaded.js";
import { openPanel } from "../forms/panel.js";
import { thing, thingList } from "../forms/things.js";
import { callApi } from "../server/api.js";
import { me } from "../server/me.js";
import { parentOf, shownName } from "../server/path.js";
import { showDialog } from "../ui/dialog.js";
import { joinWithDots, make } from "../ui/dom.js";
import { count, fileCount, rate, shortDate, size } from "../ui/format.js";
import { linkFields } from "./link-fields.js";
import { linkResult } from "./link-result.js";

/** @import { Link } from "./link-fields.js" */

const STATES = { open: "", expired: "expired", used: "all downloads are used", revoked: "closed" };

/** @param {string | undefined} path only links to it; undefined for all */
export function linkList(path) {
  const query = path === undefined ? "" : `?${new URLSearchParams({ path })}`;
  return loaded(`/api/links${query}`, ({ links }, reload) => {
    // The newest first; closed ones cannot be opened again.
    const shown = /** @type {Link[]} */ (links).toReversed().filter(({ state }) => state !== "revoked");
    return [
      thingList(
        shown.map((link) => item(link, path === undefined, reload)),
        "There are no links.",
      ),
    ];
  });
}

/** @param {Link} link @param {boolean} withPath @param {() => void} reload */
function item(link, withPath, reload) {
  const { id, kind, path, account, needsPassword, expires, downloads, maxBytes, maxFiles, state } = link;
  const name = shownName(path);
  const title =
    kind === "drop"
      ? `Uploads to ${name}`
      : withPath
        ? name
        : kind === "folder"
          ? "Download of the folder"
          : "Download";
  return thing({
    name: title,
    note: joinWithDots(
      STATES[state],
      account === me().name ? "" : account,
      withPath && path.includes("/") ? `in ${parentOf(path)}` : "",
      needsPassword ? "password" : "",
      expires === null ? "never expires" : `until ${shortDate(expires)}`,
      downloads === null ? "" : `${count(downloads)} ${downloads === 1 ? "download" : "downloads"} left`,
      maxFiles === null ? "" : `${fileCount(maxFiles)} left`,
      maxBytes === null ? "" : `${size(maxBytes)} left`,
      link.rate === null ? "" : rate(link.rate),
      link.note === "" ? "" : `“${link.note}”`,
    ),
    buttons: [
      { label: "Show", about: `the link ${title}`, run: () => show(link) },
      { label: "Change", about: `the link ${title}`, run: () => change(link, reload) },
      { label: "New address", about: `for the link ${title}`, run: () => void renew() },
      { label: "Close", about: `the link ${title}`, run: () => void close() },
    ],
  });

  async function renew() {
    const answer = await showDialog({
      title: "Give this link a new address?",
      body: [
        make("p", { class: "dialog-note" }, "The old address stops working at once. Everything else stays."),
      ],
      buttons: [{ label: "Make new address", value: "renew", kind: "main" }],
    });
    if (answer === "") return;
    const { body, problem } = await callApi(`/api/links/${id}/renew`, { method: "POST" });
    reload();
    if (problem === undefined) show(/** @type {Link} */ (body));
  }

  async function close() {
    const answer = await showDialog({
      title: "Close this link for good?",
      body: [
        make(
          "p",
          { class: "dialog-note" },
          "Nobody can use it any more. Uploads and downloads that are running are cut.",
        ),
      ],
      buttons: [{ label: "Close link", value: "close", kind: "danger" }],
    });
    if (answer === "") return;
    await callApi(`/api/links/${id}`, { method: "DELETE" });
    reload();
  }
}

/** @param {Link} link */
function show(link) {
  openPanel({ title: "Link", content: [linkResult(link)] });
}

/** @param {Link} link @param {() => void} reload */
function change(link, reload) {
  const fields = linkFields(link.kind, link);
  const form = actionForm({
    fields: fields.elements,
    label: "Save changes",
    send: () => callApi(`/api/links/${link.id}`, { method: "PATCH", json: fields.values() }),
    onDone() {
      panel.close();
      reload();
    },
  });
  const panel = openPanel({ title: "Change the link", content: [form] });
}
