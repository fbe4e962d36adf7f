// Entries dragged onto a folder, in the listing or above it: they are moved there, or copied while Ctrl is held.
// @ts-check
import { entryOf } from "../listing/entry-row.js";
import { isBelow, parentOf } from "../server/path.js";

/** @import { Entry } from "../listing/entries.js" */

/** No other page knows what this is, and files from outside do not have it. */
const TYPE = "application/x-sluice-entries";

/**
 * @param {object} page
 * @param {() => Entry[]} page.selected
 * @param {() => boolean} page.mayMove
 * @param {() => boolean} page.mayCopy
 * @param {(entries: Entry[], folder: string, copy: boolean) => void} page.onDrop
 */
export function listenForCarrying({ selected, mayMove, mayCopy, onDrop }) {
  /** What is carried: a page cannot read it from the event before it is dropped. @type {Entry[]} */
  let carried = [];
  /** @type {Element | undefined} */
  let over;

  addEventListener("dragstart", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const entry = entryOf(target?.closest(".entry"));
    if (entry === undefined || event.dataTransfer === null || !(mayMove() || mayCopy())) return;
    const chosen = selected();
    carried = chosen.some(({ path }) => path === entry.path) ? chosen : [entry];
    event.dataTransfer.setData(TYPE, String(carried.length));
    event.dataTransfer.effectAllowed = mayMove() ? (mayCopy() ? "copyMove" : "move") : "copy";
  });
  addEventListener("dragover", (event) => {
    const folder = folderUnder(event);
    mark(folder?.element);
    if (folder === undefined || event.dataTransfer === null) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = copies(event) ? "copy" : "move";
  });
  addEventListener("drop", (event) => {
    const folder = folderUnder(event);
    mark(undefined);
    if (folder === undefined) return;
    event.preventDefault();
    onDrop(carried, folder.path, copies(event));
    carried = [];
  });
  addEventListener("dragend", () => {
    mark(undefined);
    carried = [];
  });

  /** @param {DragEvent} event */
  function copies(event) {
    return mayCopy() && (event.ctrlKey || event.altKey || !mayMove());
  }

  /** A folder that can take what is carried. @param {DragEvent} event */
  function folderUnder(event) {
    if (carried.length === 0 || event.dataTransfer?.types.includes(TYPE) !== true) return undefined;
    // It may be a piece of text.
    const target = event.target instanceof Text ? event.target.parentElement : event.target;
    const element = target instanceof Element ? target.closest(".entry, a[data-folder]") : null;
    const link = element?.matches("a") ? element : element?.querySelector("a[data-folder]");
    const path = link instanceof HTMLElement ? link.dataset["folder"] : undefined;
    if (element === null || path === undefined) return undefined;
    const into = carried.some((entry) => entry.path === path || isBelow(path, entry.path));
    const there = carried.every((entry) => parentOf(entry.path) === path);
    return into || there ? undefined : { element, path };
  }

  /** @param {Element | undefined} element */
  function mark(element) {
    if (element === over) return;
    over?.classList.remove("takes");
    element?.classList.add("takes");
    over = element;
  }
}
