// The list of unfinished uploads from earlier visits: how much the server has, and a button to discard each upload.
// @ts-check
import { callApi } from "../server/api.js";
import { isGranted, meKnown } from "../server/me.js";
import { folderUrl, nameOf, parentOf, shownName } from "../server/path.js";
import { byId, make } from "../ui/dom.js";
import { size } from "../ui/format.js";
import { deleteUpload } from "../upload/resumable.js";
import { isDropped } from "../upload/target.js";
import { loadUnfinished, removeUnfinished } from "../upload/unfinished.js";

/** @import { Queue } from "../upload/queue.js" */
/** @import { UnfinishedUpload } from "../upload/unfinished.js" */

/** At most this many uploads are listed; the others can be resumed as well. */
const MAX_ROWS = 5;

/** @param {import("../ui/announce.js").Announce} announce */
export function createUnfinishedList(announce) {
  const box = byId("unfinished", HTMLElement);
  const list = byId("unfinished-list", HTMLElement);
  /** Rows by the path of the upload. @type {Map<string, HTMLElement>} */
  const rows = new Map();

  /** Fetches the state of all uploads at once, because a HEAD request to an upload would stop another window that is sending it. */
  async function load() {
    const remembered = loadUnfinished().filter((upload) => !isDropped(upload));
    if (remembered.length === 0) return;
    await meKnown();
    if (!isGranted("list")) return;
    const { body, problem } = await callApi("/api/uploads");
    if (problem !== undefined) return;
    for (const upload of remembered.reverse()) {
      const current = body["uploads"].find((/** @type {{ id: string }} */ { id }) => id === upload.id);
      if (current?.state === "waiting" && rows.size < MAX_ROWS) addRow(upload, current.received);
    }
    box.hidden = rows.size === 0;
  }

  /** @param {UnfinishedUpload} upload @param {number} received */
  function addRow({ key, url, path, size: bytes }, received) {
    const folder = parentOf(path);
    const name = make("bdi", {}, nameOf(path));
    const location = make(
      "a",
      { href: folderUrl(folder), "data-folder": folder },
      make("bdi", {}, shownName(folder)),
    );
    const amount = `${size(received)} of ${size(bytes)} uploaded`;
    const button = make("button", { type: "button", class: "button-quiet" }, "Discard upload");
    button.setAttribute("aria-label", `Discard upload of ${nameOf(path)}`);
    const row = make(
      "li",
      { class: "unfinished" },
      make("p", {}, make("strong", {}, name), ` · ${amount} to `, location),
      button,
    );
    button.addEventListener("click", async () => {
      if (!(await deleteUpload(url)))
        return announce("The upload was not discarded because the server did not respond. Try again");
      removeUnfinished(key);
      removeRow(path);
      announce(`Discarded the upload of ${nameOf(path)}`);
      if (!box.contains(document.activeElement)) byId("choose-files", HTMLElement).focus();
    });
    rows.set(path, row);
    list.append(row);
  }

  /** @param {string} path */
  function removeRow(path) {
    rows.get(path)?.remove();
    rows.delete(path);
    box.hidden = rows.size === 0;
  }

  void load();
  return {
    /** Removes uploads that are running again, because the list of uploads shows them. @param {Queue} queue */
    update({ running }) {
      if (rows.size > 0) for (const { path } of running) removeRow(path);
    },
  };
}
