// Reads the entries that the server wrote into the page, so that they can be used before the first answer arrives.
// @ts-check
import { folderOf } from "../server/path.js";

/** @import { Entry } from "./entries.js" */

/** @param {HTMLElement} body the rows of the table @returns {Entry[]} */
export function readServerRows(body) {
  return [...body.children].flatMap((row) => {
    const link = row.querySelector("a");
    if (link === null) return [];
    const url = link.pathname;
    const bytes = row.querySelector("[data-bytes]")?.getAttribute("data-bytes");
    const modified = row.querySelector("time")?.dateTime;
    /** @type {Entry} */
    const entry = {
      path: folderOf(url),
      name: link.textContent,
      kind: url.endsWith("/") ? "folder" : "file",
      url,
      ...(bytes && { size: Number(bytes) }),
      ...(modified && { modified }),
    };
    return [entry];
  });
}

/** The cursor of the entries after those, null if there are none. @param {HTMLElement} foot */
export function readServerCursor(foot) {
  const more = foot.querySelector("a");
  return more && new URLSearchParams(more.search).get("cursor");
}
