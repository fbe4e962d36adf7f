// The table row of one file or folder: a checkbox, the name as a link, the size and the modification date.
// @ts-check
import { isGranted, isMeKnown } from "../server/me.js";
import { folderUrl, shownName } from "../server/path.js";
import { icon, make } from "../ui/dom.js";
import { fullDate, shortDate, size } from "../ui/format.js";
import { iconFor } from "../ui/icon.js";

/** @import { Entry } from "./entries.js" */

/** @type {WeakMap<Element, Entry>} */
const entryByRow = new WeakMap();

/** The entry that a row shows. @param {Element | null | undefined} row @returns {Entry | undefined} */
export function entryOf(row) {
  return row ? entryByRow.get(row) : undefined;
}

/** Whether a row already shows this entry. @param {Element} row @param {Entry} entry @param {string | undefined} location */
export function isUpToDate(row, entry, location) {
  const shown = entryOf(row);
  return (
    shown?.path === entry.path &&
    shown.kind === entry.kind &&
    shown.size === entry.size &&
    shown.modified === entry.modified &&
    row.getAttribute("data-location") === (location ?? null) &&
    row.querySelector("a")?.hasAttribute("href") === canOpen(entry)
  );
}

/** Whether the row is a link. The name of a file that may only be listed gets the focus, but leads nowhere. @param {Entry} entry */
function canOpen({ kind }) {
  return kind === "folder" || isGranted("read") || !isMeKnown();
}

/** @param {Entry} entry @param {string} [location] the parent folder to show below the name; for search results */
export function entryRow(entry, location) {
  const { path, name, kind, size: bytes, modified, url } = entry;
  const isFolder = kind === "folder";
  const link = make(
    "a",
    { class: "entry-link" },
    icon(iconFor(name, kind), "entry-icon"),
    make("bdi", {}, name),
  );
  if (isFolder) link.dataset["folder"] = path;
  if (canOpen(entry)) link.href = isFolder ? folderUrl(path) : `${url}?download`;
  else link.tabIndex = 0;
  // With `download` a click never leaves the page, so it cannot interrupt uploads.
  if (!isFolder) link.setAttribute("download", "");
  const time = modified ?? "";
  const date = () => make("time", { datetime: time, title: fullDate(time) }, shortDate(time));
  const checkbox = make("input", { type: "checkbox", class: "check-box", "aria-label": `Select ${name}` });
  const row = make(
    "tr",
    { class: "entry" },
    make("td", { class: "entry-check" }, make("label", { class: "check" }, checkbox)),
    make(
      "th",
      { class: "entry-name", scope: "row" },
      link,
      make("span", { class: "entry-note", "aria-hidden": "true" }, date()),
    ),
    make("td", { class: "entry-size" }, bytes === undefined ? "" : size(bytes)),
    make("td", { class: "entry-modified" }, date()),
  );
  entryByRow.set(row, entry);
  if (location !== undefined) {
    row.dataset["location"] = location;
    link.after(locationLink(location));
  }
  return row;
}

/** @param {string} folder */
function locationLink(folder) {
  const link = make(
    "a",
    { class: "entry-location", href: folderUrl(folder), "data-folder": folder },
    "in ",
    make("bdi", {}, shownName(folder)),
  );
  link.title = folder;
  return link;
}

/**
 * Makes `body` contain exactly these rows. Rows that stay in place are not touched, so they keep the focus; a focused row
 * that moves or is replaced gets the focus back.
 * @param {HTMLElement} body
 * @param {HTMLElement[]} rows
 */
export function replaceRows(body, rows) {
  const focused = document.activeElement;
  const focusedPath = entryOf(focused?.closest(".entry"))?.path;
  const remaining = new Set(rows);
  for (const row of [...body.children]) if (!remaining.has(/** @type {HTMLElement} */ (row))) row.remove();
  let next = body.firstElementChild;
  for (const row of rows) {
    if (row === next) next = next.nextElementSibling;
    else body.insertBefore(row, next);
  }
  if (focusedPath === undefined || document.activeElement === focused) return;
  if (focused?.isConnected) return void (/** @type {HTMLElement} */ (focused).focus());
  rows
    .find((row) => entryOf(row)?.path === focusedPath)
    ?.querySelector("a")
    ?.focus();
}
