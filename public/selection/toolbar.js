// The actions on the folder and on the selected entries, by button, key or drag. Actions without a grant are hidden.
// @ts-check
import { entryOf } from "../listing/entry-row.js";
import { isGranted, me, onMe } from "../server/me.js";
import { isBelow, join, parentOf, shownName } from "../server/path.js";
import { enableDragMove } from "../tree/drag-move.js";
import { createFileActions, describeEntries } from "../tree/file-actions.js";
import { chooseFolder } from "../tree/folder-chooser.js";
import { createFolder } from "../tree/new-folder.js";
import { editName } from "../tree/rename.js";
import { byId, setText } from "../ui/dom.js";
import { entryCount, size } from "../ui/format.js";
import { isTextInput, isUnmodified } from "../ui/keys.js";
import { createToast } from "../ui/toast.js";
import { downloadUrl, folderArchiveUrl } from "./download-url.js";
import { createSelection } from "./selection.js";

/** @import { Entry } from "../listing/entries.js" */

/**
 * @param {object} options
 * @param {import("../ui/announce.js").Announce} options.announce
 * @param {ReturnType<typeof import("../listing/listing.js").createListing>} options.list
 * @param {() => string} options.currentFolder
 */
export function createToolbar({ announce, list, currentFolder }) {
  const bar = byId("selection-bar", HTMLElement);
  const download = byId("download-selected", HTMLAnchorElement);
  const rename = byId("rename-selected", HTMLButtonElement);
  const shareButton = byId("share-selected", HTMLButtonElement);
  const downloadFolder = byId("download-folder", HTMLAnchorElement);
  const rows = byId("entry-rows", HTMLElement);
  const toast = createToast(announce);
  const actions = createFileActions({ toast, refresh: () => list.refresh() });
  const canMove = () => isGranted("write", "delete");
  const canCopy = () => isGranted("read", "write");
  const canShare = () =>
    me().name !== null && isGranted("share") && (isGranted("read") || isGranted("write"));
  let selectedCount = 0;
  const selection = createSelection(showSelection);

  onMe(() => {
    download.hidden = !isGranted("read");
    rename.hidden = !canMove();
    byId("move-selected", HTMLElement).hidden = !canMove();
    byId("copy-selected", HTMLElement).hidden = !canCopy();
    byId("delete-selected", HTMLElement).hidden = !isGranted("delete");
    byId("create-folder", HTMLElement).hidden = !isGranted("write");
    byId("share-folder", HTMLElement).hidden = !canShare();
    showDownloadFolder();
    showSelection();
  });

  /** @param {string} id @param {() => void} action */
  const onClick = (id, action) => byId(id, HTMLElement).addEventListener("click", action);
  onClick("share-selected", () => {
    const [entry] = selection.entries;
    if (entry !== undefined) void share(entry);
  });
  onClick("share-folder", () => {
    const path = currentFolder();
    void share({ path, name: shownName(path), kind: "folder" });
  });
  onClick("rename-selected", () => startRename(rowOf(selection.entries[0])));
  onClick("move-selected", () => void transfer("move", selection.entries));
  onClick("copy-selected", () => void transfer("copy", selection.entries));
  onClick("delete-selected", () => void remove(selection.entries));
  onClick("clear-selection", () => {
    selection.clear();
    rows.querySelector("a")?.focus();
  });
  onClick("create-folder", async () => {
    const path = await createFolder(currentFolder());
    if (path === "") return;
    await list.refresh();
    announce("The folder was created");
    rowOf({ path })?.querySelector("a")?.focus();
  });
  download.addEventListener("click", (event) => {
    if (download.hasAttribute("href")) return;
    event.preventDefault();
    toast.showResult(
      "The selection has too many names for one download. Select fewer entries, or download the whole folder.",
    );
  });
  addEventListener("keydown", (event) => {
    const target = event.target instanceof HTMLElement ? event.target : document.body;
    if (isTextInput(target) || target.closest("dialog") !== null || !isUnmodified(event)) return;
    const row = target.closest(".entry");
    const focused = entryOf(row);
    if (event.key === "F2" && canMove()) {
      event.preventDefault();
      startRename(row instanceof HTMLElement ? row : rowOf(selection.entries[0]));
    } else if (event.key === "Delete" && isGranted("delete")) {
      const selected = selection.entries;
      void remove(selected.length > 0 || focused === undefined ? selected : [focused]);
    }
  });
  enableDragMove({
    selected: () => selection.entries,
    canMove,
    canCopy,
    onDrop: (entries, folder, copy) =>
      void (copy ? actions.copy(entries, folder) : actions.move(entries, folder)),
  });

  function showSelection() {
    const entries = selection.entries;
    bar.hidden = entries.length === 0;
    document.body.classList.toggle("has-selection", !bar.hidden);
    // The listing does not know the size of folders, so a total is shown for files only.
    const hasOnlyFiles = entries.every(({ kind }) => kind === "file");
    const bytes = entries.reduce((sum, { size: one = 0 }) => sum + one, 0);
    const total = hasOnlyFiles ? `, ${size(bytes)}` : "";
    setText(byId("selection-count", HTMLElement), `${describeEntries(entries)}${total}`);
    rename.disabled = entries.length !== 1;
    shareButton.disabled = entries.length !== 1;
    shareButton.hidden = !canShare();
    const url = downloadUrl(entries, selection.isAll && list.isComplete ? currentFolder() : undefined);
    if (url === undefined) download.removeAttribute("href");
    else download.href = url;
    if (entries.length !== selectedCount)
      announce(entries.length === 0 ? "No entries selected" : `${entryCount(entries.length)} selected`);
    selectedCount = entries.length;
  }

  /** @param {{ path: string, name: string, kind: "file" | "folder" }} entry */
  async function share(entry) {
    // Fetched when it is opened, so that the page of the files starts sooner.
    const { openSharePanel } = await import("../share/share-panel.js");
    openSharePanel(entry);
  }

  /** @param {HTMLElement | undefined} row */
  function startRename(row) {
    if (row === undefined) return;
    editName(row, async ({ path }, name) => {
      const to = join(parentOf(path), name);
      const verb = { present: "Renaming", past: "Renamed" };
      await actions.run([{ op: "move", from: path, to, conflict: "fail" }], verb, `“${name}”`);
      if (document.activeElement === document.body) rowOf({ path: to })?.querySelector("a")?.focus();
    });
  }

  /** @param {Entry[]} entries */
  async function remove(entries) {
    const next = rowOf(entries.at(-1))?.nextElementSibling;
    await actions.remove(entries);
    if (document.activeElement !== document.body) return;
    (next?.isConnected ? next.querySelector("a") : byId("current-folder", HTMLElement))?.focus();
  }

  /** @param {"move" | "copy"} action @param {Entry[]} entries */
  async function transfer(action, entries) {
    const verb = action === "move" ? "Move" : "Copy";
    const folder = await chooseFolder({
      title: `${verb} ${describeEntries(entries)}`,
      verb,
      folder: currentFolder(),
      isExcluded: (path) => entries.some((entry) => entry.path === path || isBelow(path, entry.path)),
    });
    if (folder !== undefined) await actions[action](entries, folder);
  }

  function showDownloadFolder() {
    downloadFolder.hidden = rows.childElementCount === 0 || list.isSearching || !isGranted("read");
  }

  /** @param {{ path: string } | undefined} entry */
  function rowOf(entry) {
    if (entry === undefined) return undefined;
    return /** @type {HTMLElement[]} */ ([...rows.children]).find((row) => entryOf(row)?.path === entry.path);
  }

  return {
    /** Call after the rows of the listing have changed. */
    rowsChanged() {
      showDownloadFolder();
      selection.reconcile();
    },
    /** Call after another folder is opened. */
    folderChanged() {
      downloadFolder.href = folderArchiveUrl(currentFolder());
      selection.clear();
      toast.hide();
    },
  };
}
