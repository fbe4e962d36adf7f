// One file or folder in the listing: a box to select it, its name as a link, its size, when it was changed.
// @ts-check

import { folderUrl, nameOf } from "../server/path.js";
import { icon, make } from "../ui/dom.js";
import { exactly, size, when } from "../ui/format.js";
import { iconOf } from "../ui/icon.js";

/** @import { Entry } from "./entries.js" */

/** @type {WeakMap<Element, Entry>} */
const entriesOfRows = new WeakMap();

/** The entry a row shows. @param {Element | null | undefined} row @returns {Entry | undefined} */
export function entryOf(row) {
  return row ? entriesOfRows.get(row) : undefined;
}

/** Would a new row look the same? @param {Element} row @param {Entry} entry @param {string | undefined} where */
export function showsAlready(row, entry, where) {
  const shown = entryOf(row);
  return (
    shown?.path === entry.path &&
    shown.kind === entry.kind &&
    shown.size === entry.size &&
    shown.modified === entry.modified &&
    row.getAttribute("data-where") === (where ?? null)
  );
}

/** @param {Entry} entry @param {string} [where] the folder it is in, where that is not plain */
export function entryRow(entry, where) {
  const { path, name, kind, size: bytes, modified, url } = entry;
  const folder = kind === "folder";
  const link = make(
    "a",
    { class: "entry-link", href: folder ? folderUrl(path) : `${url}?download` },
    icon(iconOf(name, kind), "entry-icon"),
    make("bdi", {}, name),
  );
  // With `download`, a click never leaves the page, so it cannot interrupt uploads.
  if (folder) link.dataset["folder"] = path;
  else link.setAttribute("download", "");
  const time = modified ?? "";
  const date = () => make("time", { datetime: time, title: exactly(time) }, when(time));
  const box = make("input", { type: "checkbox", class: "check-box", "aria-label": `Select ${name}` });
  const row = make(
    "tr",
    { class: "entry" },
    make("td", { class: "entry-check" }, make("label", { class: "check" }, box)),
    make(
      "th",
      { class: "entry-name", scope: "row" },
      link,
      make("span", { class: "entry-note", "aria-hidden": "true" }, date()),
    ),
    make("td", { class: "entry-size" }, bytes === undefined ? "" : size(bytes)),
    make("td", { class: "entry-modified" }, date()),
  );
  entriesOfRows.set(row, entry);
  if (where !== undefined) {
    row.dataset["where"] = where;
    link.after(whereOf(where));
  }
  return row;
}

/** @param {string} folder */
function whereOf(folder) {
  const link = make(
    "a",
    { class: "entry-where", href: folderUrl(folder), "data-folder": folder },
    "in ",
    make("bdi", {}, folder === "" ? "Files" : nameOf(folder)),
  );
  link.title = folder;
  return link;
}

/**
 * Make `body` hold exactly these rows. What stays is not touched, so it keeps its focus; what moves gets it back.
 * @param {HTMLElement} body
 * @param {HTMLElement[]} rows
 */
export function showRows(body, rows) {
  const focused = document.activeElement;
  const focusedPath = entryOf(focused?.closest(".entry"))?.path;
  const keep = new Set(rows);
  for (const row of [...body.children]) if (!keep.has(/** @type {HTMLElement} */ (row))) row.remove();
  let place = body.firstElementChild;
  for (const row of rows) {
    if (row === place) place = place.nextElementSibling;
    else body.insertBefore(row, place);
  }
  if (focusedPath === undefined || document.activeElement === focused) return;
  if (focused?.isConnected) return void (/** @type {HTMLElement} */ (focused).focus());
  rows
    .find((row) => entryOf(row)?.path === focusedPath)
    ?.querySelector("a")
    ?.focus();
}
