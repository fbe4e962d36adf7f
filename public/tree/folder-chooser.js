// Asks for a destination folder in a dialog, in which the user can browse folders and create new ones.
// @ts-check
import { fetchEntries } from "../listing/entries.js";
import { shownName } from "../server/path.js";
import { showDialog } from "../ui/dialog.js";
import { icon, make } from "../ui/dom.js";
import { problemBox } from "../ui/problem-box.js";
import { createFolder } from "./new-folder.js";

/** At most this many folders are listed. In a larger folder, entries can still be moved by drag and drop. */
const MAX_FOLDERS = 1000;

/**
 * @param {object} options
 * @param {string} options.title
 * @param {string} options.verb the label of the button begins with it
 * @param {string} options.folder the folder to start in, which cannot be chosen itself
 * @param {(folder: string) => boolean} options.isExcluded folders that cannot be opened
 * @returns {Promise<string | undefined>} the path of the folder; undefined if the dialog was cancelled
 */
export async function chooseFolder({ title, verb, folder: start, isExcluded }) {
  const crumbs = make("ol", { class: "crumbs" });
  const list = make("ul", { class: "chooser-list" });
  // Moving and copying need the grant `write`, which also allows the creation of folders.
  const create = make("button", { type: "button", class: "button-quiet chooser-new" }, "Create folder");
  let folder = start;
  let abort = new AbortController();
  /** @type {HTMLButtonElement | null} */
  let confirm = null;

  create.addEventListener("click", async () => {
    const path = await createFolder(folder);
    if (path !== "") await open(path);
  });

  /** @param {string} path */
  async function open(path) {
    abort.abort();
    abort = new AbortController();
    folder = path;
    const hadFocus = list.contains(document.activeElement) || crumbs.contains(document.activeElement);
    crumbs.replaceChildren(...pathTo(path).map((one) => crumb(one, one === path)));
    if (confirm !== null) {
      confirm.textContent = `${verb} to ${shownName(path)}`;
      confirm.disabled = path === start;
    }
    const items = await listItems(path, abort.signal).catch(() => undefined);
    if (items === undefined) return;
    list.replaceChildren(...items);
    if (hadFocus) (list.querySelector("button") ?? crumbs.querySelector("button") ?? create).focus();
  }

  /** @param {string} path @param {AbortSignal} signal */
  async function listItems(path, signal) {
    const sort = /** @type {const} */ ({ key: "name", order: "asc" });
    const page = await fetchEntries({ folder: path, sort, cursor: null, needed: MAX_FOLDERS, signal });
    if ("problem" in page) return [make("li", {}, problemBox(page.problem))];
    const folders = page.entries.filter((entry) => entry.kind === "folder" && !isExcluded(entry.path));
    if (folders.length === 0)
      return [make("li", { class: "chooser-none" }, "There are no subfolders to choose from")];
    return folders.map((entry) => {
      const button = make(
        "button",
        { type: "button", class: "chooser-folder" },
        icon("folder", "entry-icon"),
        make("bdi", {}, entry.name),
      );
      button.addEventListener("click", () => void open(entry.path));
      return make("li", {}, button);
    });
  }

  /** @param {string} path @param {boolean} isLast */
  function crumb(path, isLast) {
    const name = make("bdi", {}, shownName(path));
    if (isLast) return make("li", { class: "crumb", "aria-current": "location" }, name);
    const button = make("button", { type: "button", class: "button-quiet chooser-crumb" }, name);
    button.addEventListener("click", () => void open(path));
    return make("li", { class: "crumb" }, button);
  }

  const answer = await showDialog({
    title,
    body: [make("nav", { "aria-label": "Parent folders" }, crumbs), list, create],
    buttons: [{ label: verb, value: "confirm", kind: "main" }],
    onOpen(dialog) {
      confirm = dialog.querySelector("button[value=confirm]");
      void open(start);
    },
  });
  abort.abort();
  return answer === "" ? undefined : folder;
}

/** All folders from the root to this one, both included. @param {string} path */
function pathTo(path) {
  if (path === "") return [""];
  const segments = path.split("/");
  return ["", ...segments.map((_, depth) => segments.slice(0, depth + 1).join("/"))];
}
