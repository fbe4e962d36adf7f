// Asks for a folder: one can be opened after the other, and made.
// @ts-check

import { fetchEntries } from "../listing/entries.js";
import { nameOf } from "../server/path.js";
import { ask } from "../ui/dialog.js";
import { icon, make } from "../ui/dom.js";
import { problemBox } from "../ui/problem-box.js";
import { makeFolder } from "./new-folder.js";

/** So many folders are shown; who has more in one place goes there and uses drag or names. */
const MOST = 1000;

/**
 * @param {object} question
 * @param {string} question.title
 * @param {string} question.verb on the button
 * @param {string} question.folder where to begin; it is not an answer itself
 * @param {(folder: string) => boolean} question.excluded these cannot be opened
 * @returns {Promise<string | undefined>} path of the folder
 */
export async function chooseFolder({ title, verb, folder: start, excluded }) {
  const crumbs = make("ol", { class: "crumbs" });
  const list = make("ul", { class: "chooser-list" });
  // Who may move or copy may make folders, too.
  const fresh = make("button", { type: "button", class: "button-quiet chooser-new" }, "New folder");
  let folder = start;
  let abort = new AbortController();
  /** @type {HTMLButtonElement | null} */
  let go = null;

  fresh.addEventListener("click", async () => {
    const made = await makeFolder(folder);
    if (made !== "") await open(made);
  });

  /** @param {string} path */
  async function open(path) {
    abort.abort();
    abort = new AbortController();
    folder = path;
    const within = list.contains(document.activeElement) || crumbs.contains(document.activeElement);
    crumbs.replaceChildren(...above(path).map((one) => crumb(one, one === path)));
    if (go !== null) {
      go.textContent = `${verb} to ${path === "" ? "Files" : nameOf(path)}`;
      go.disabled = path === start;
    }
    const shown = await content(path, abort.signal).catch(() => undefined);
    if (shown === undefined) return;
    list.replaceChildren(...shown);
    if (within) (list.querySelector("button") ?? crumbs.querySelector("button") ?? fresh).focus();
  }

  /** @param {string} path @param {AbortSignal} signal */
  async function content(path, signal) {
    const sort = /** @type {const} */ ({ key: "name", order: "asc" });
    const page = await fetchEntries({ folder: path, sort, cursor: null, wanted: MOST, signal });
    if ("problem" in page) return [make("li", {}, problemBox(page.problem))];
    const folders = page.entries.filter((entry) => entry.kind === "folder" && !excluded(entry.path));
    if (folders.length === 0) return [make("li", { class: "chooser-none" }, "No folders in here")];
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

  /** @param {string} path @param {boolean} last */
  function crumb(path, last) {
    const name = make("bdi", {}, path === "" ? "Files" : nameOf(path));
    if (last) return make("li", { class: "crumb", "aria-current": "location" }, name);
    const button = make("button", { type: "button", class: "button-quiet chooser-crumb" }, name);
    button.addEventListener("click", () => void open(path));
    return make("li", { class: "crumb" }, button);
  }

  const answer = await ask({
    title,
    body: [make("nav", { "aria-label": "Folders above" }, crumbs), list, fresh],
    choices: [{ label: verb, value: "here", kind: "main" }],
    onOpen(dialog) {
      go = dialog.querySelector("button[value=here]");
      void open(start);
    },
  });
  abort.abort();
  return answer === "" ? undefined : folder;
}

/** The folders on the way to this one, from the root, and itself. @param {string} path */
function above(path) {
  if (path === "") return [""];
  const segments = path.split("/");
  return ["", ...segments.map((_, depth) => segments.slice(0, depth + 1).join("/"))];
}
