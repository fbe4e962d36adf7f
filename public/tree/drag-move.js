// Drag and drop of entries onto a folder in the listing or the breadcrumbs: moves them, or copies them with Ctrl or Alt.
// @ts-check
import { entryOf } from "../listing/entry-row.js";
import { isBelow, parentOf } from "../server/path.js";

/** @import { Entry } from "../listing/entries.js" */

/** Marks drags that started on this page; files dragged from outside do not have this type. */
const DRAG_TYPE = "application/x-sluice-entries";

/**
 * @param {object} options
 * @param {() => Entry[]} options.selected
 * @param {() => boolean} options.canMove
 * @param {() => boolean} options.canCopy
 * @param {(entries: Entry[], folder: string, copy: boolean) => void} options.onDrop
 */
export function enableDragMove({ selected, canMove, canCopy, onDrop }) {
  /** The dragged entries, stored here because drag data is not readable before the drop. @type {Entry[]} */
  let dragged = [];
  /** @type {Element | undefined} */
  let highlighted;

  addEventListener("dragstart", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const entry = entryOf(target?.closest(".entry"));
    if (entry === undefined || event.dataTransfer === null || !(canMove() || canCopy())) return;
    const selection = selected();
    dragged = selection.some(({ path }) => path === entry.path) ? selection : [entry];
    event.dataTransfer.setData(DRAG_TYPE, String(dragged.length));
    event.dataTransfer.effectAllowed = canMove() ? (canCopy() ? "copyMove" : "move") : "copy";
  });
  addEventListener("dragover", (event) => {
    const folder = folderUnder(event);
    highlight(folder?.element);
    if (folder === undefined || event.dataTransfer === null) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = isCopy(event) ? "copy" : "move";
  });
  addEventListener("drop", (event) => {
    const folder = folderUnder(event);
    highlight(undefined);
    if (folder === undefined) return;
    event.preventDefault();
    onDrop(dragged, folder.path, isCopy(event));
    dragged = [];
  });
  addEventListener("dragend", () => {
    highlight(undefined);
    dragged = [];
  });

  /** @param {DragEvent} event */
  function isCopy(event) {
    return canCopy() && (event.ctrlKey || event.altKey || !canMove());
  }

  /** The folder under the pointer, if the dragged entries can be dropped onto it. @param {DragEvent} event */
  function folderUnder(event) {
    if (dragged.length === 0 || event.dataTransfer?.types.includes(DRAG_TYPE) !== true) return undefined;
    // The target of a drag event can be a text node.
    const target = event.target instanceof Text ? event.target.parentElement : event.target;
    const element = target instanceof Element ? target.closest(".entry, a[data-folder]") : null;
    const link = element?.matches("a") ? element : element?.querySelector("a[data-folder]");
    const path = link instanceof HTMLElement ? link.dataset["folder"] : undefined;
    if (element === null || path === undefined) return undefined;
    const isInsideDragged = dragged.some((entry) => entry.path === path || isBelow(path, entry.path));
    const isCurrentParent = dragged.every((entry) => parentOf(entry.path) === path);
    return isInsideDragged || isCurrentParent ? undefined : { element, path };
  }

  /** @param {Element | undefined} element */
  function highlight(element) {
    if (element === highlighted) return;
    highlighted?.classList.remove("drop-hover");
    element?.classList.add("drop-hover");
    highlighted = element;
  }
}
