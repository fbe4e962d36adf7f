// What can be done with the folder and with what is selected: buttons, keys and dragging, each only where it is granted.
// @ts-check

import { entryOf } from "../listing/entry-row.js";
import { may } from "../server/grants.js";
import { isBelow, join, parentOf } from "../server/path.js";
import { listenForCarrying } from "../tree/drag-move.js";
import { kinds, putInOrder } from "../tree/file-actions.js";
import { chooseFolder } from "../tree/folder-chooser.js";
import { makeFolder } from "../tree/new-folder.js";
import { renameIn } from "../tree/rename.js";
import { byId, setText } from "../ui/dom.js";
import { entries as entriesOf, size } from "../ui/format.js";
import { isBare, isTyping } from "../ui/keys.js";
import { notice as noticeOf } from "../ui/toast.js";
import { downloadOf, folderArchive } from "./download-url.js";
import { selection } from "./selection.js";

/** @import { Entry } from "../listing/entries.js" */

/**
 * @param {object} page
 * @param {import("../ui/announce.js").Say} page.say
 * @param {ReturnType<typeof import("../listing/listing.js").listing>} page.list
 * @param {() => string} page.here the folder that is shown
 */
export function tools({ say, list, here }) {
  const bar = byId("chosen", HTMLElement);
  const download = byId("chosen-download", HTMLAnchorElement);
  const rename = byId("chosen-rename", HTMLButtonElement);
  const wholeFolder = byId("download-folder", HTMLAnchorElement);
  const rows = byId("entry-rows", HTMLElement);
  const notice = noticeOf(say);
  const order = putInOrder({ notice, refresh: () => list.refresh() });
  const mayMove = () => may("write", "delete");
  const mayCopy = () => may("read", "write");
  let count = 0;
  const chosen = selection(showChosen);

  rename.hidden = !mayMove();
  byId("chosen-move", HTMLElement).hidden = !mayMove();
  byId("chosen-copy", HTMLElement).hidden = !mayCopy();
  byId("chosen-delete", HTMLElement).hidden = !may("delete");
  byId("new-folder", HTMLElement).hidden = !may("write");

  /** @param {string} id @param {() => void} action */
  const onClick = (id, action) => byId(id, HTMLElement).addEventListener("click", action);
  onClick("chosen-rename", () => startRename(rowOf(chosen.entries[0])));
  onClick("chosen-move", () => void take("move", chosen.entries));
  onClick("chosen-copy", () => void take("copy", chosen.entries));
  onClick("chosen-delete", () => void remove(chosen.entries));
  onClick("chosen-none", () => {
    chosen.clear();
    rows.querySelector("a")?.focus();
  });
  onClick("new-folder", async () => {
    const path = await makeFolder(here());
    if (path === "") return;
    await list.refresh();
    say("The folder is made");
    [...rows.children]
      .find((row) => entryOf(row)?.path === path)
      ?.querySelector("a")
      ?.focus();
  });
  download.addEventListener("click", (event) => {
    if (download.hasAttribute("href")) return;
    event.preventDefault();
    notice.over("These are too many names for one request. Select fewer, or download the whole folder.");
  });
  addEventListener("keydown", (event) => {
    const target = event.target instanceof HTMLElement ? event.target : document.body;
    if (isTyping(target) || target.closest("dialog") !== null || !isBare(event)) return;
    const row = target.closest(".entry");
    const here = entryOf(row);
    if (event.key === "F2" && mayMove()) {
      event.preventDefault();
      startRename(row instanceof HTMLElement ? row : rowOf(chosen.entries[0]));
    } else if (event.key === "Delete" && may("delete")) {
      const these = chosen.entries.length > 0 ? chosen.entries : here === undefined ? [] : [here];
      void remove(these);
    }
  });
  listenForCarrying({
    selected: () => chosen.entries,
    mayMove,
    mayCopy,
    onDrop: (these, folder, copy) => void (copy ? order.copy(these, folder) : order.move(these, folder)),
  });

  function showChosen() {
    const these = chosen.entries;
    bar.hidden = these.length === 0;
    document.body.classList.toggle("has-chosen", !bar.hidden);
    const bytes = these.reduce((sum, { size: one = 0 }) => sum + one, 0);
    // What is in folders nobody has counted.
    const onlyFiles = these.every(({ kind }) => kind === "file");
    setText(byId("chosen-count", HTMLElement), `${kinds(these)}${onlyFiles ? `, ${size(bytes)}` : ""}`);
    rename.disabled = these.length !== 1;
    const url = downloadOf(these, chosen.all && list.whole ? here() : undefined);
    if (url === undefined) download.removeAttribute("href");
    else download.href = url;
    if (these.length !== count)
      say(these.length === 0 ? "Nothing selected" : `${entriesOf(these.length)} selected`);
    count = these.length;
  }

  /** @param {HTMLElement | undefined} row */
  function startRename(row) {
    if (row === undefined) return;
    renameIn(row, ({ path }, next) => {
      const to = join(parentOf(path), next);
      const words = { doing: "Renaming", done: "Renamed" };
      void order.carryOut([{ op: "move", from: path, to, conflict: "fail" }], words, `“${next}”`).then(() => {
        if (document.activeElement === document.body) rowOf({ path: to })?.querySelector("a")?.focus();
      });
    });
  }

  /** @param {Entry[]} these */
  async function remove(these) {
    const next = rowOf(these.at(-1))?.nextElementSibling;
    await order.remove(these);
    if (document.activeElement !== document.body) return;
    (next?.isConnected ? next.querySelector("a") : byId("here", HTMLElement))?.focus();
  }

  /** @param {"move" | "copy"} what @param {Entry[]} these */
  async function take(what, these) {
    const folder = await chooseFolder({
      title: `${what === "move" ? "Move" : "Copy"} ${kinds(these)}`,
      verb: what === "move" ? "Move" : "Copy",
      folder: here(),
      excluded: (path) => these.some((one) => one.path === path || isBelow(path, one.path)),
    });
    if (folder !== undefined) await order[what](these, folder);
  }

  /** @param {{ path: string } | undefined} entry */
  function rowOf(entry) {
    if (entry === undefined) return undefined;
    return /** @type {HTMLElement[]} */ ([...rows.children]).find((row) => entryOf(row)?.path === entry.path);
  }

  return {
    /** Other rows are shown. */
    shown() {
      wholeFolder.hidden = rows.childElementCount === 0 || list.searching;
      chosen.settle();
    },
    /** Another folder is shown now. */
    moved() {
      wholeFolder.href = folderArchive(here());
      chosen.clear();
      notice.hide();
    },
  };
}
