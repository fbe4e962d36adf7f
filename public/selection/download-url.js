// Where archives come from: a folder, or what is selected.
// @ts-check
import { fileUrl } from "../server/path.js";

/** @import { Entry } from "../listing/entries.js" */

/** What servers and proxies take of a URL. */
const LONGEST_URL = 7000;

/** @param {string} folder */
export function folderArchive(folder) {
  return `/api/archive?${new URLSearchParams({ folder, format: "zip" })}`;
}

/**
 * The way to download what is selected: a file as it is, everything else as an archive.
 * @param {Entry[]} entries
 * @param {string | undefined} folder these are all entries of this folder
 * @returns {string | undefined} undefined: the names do not fit into a URL
 */
export function downloadOf(entries, folder) {
  const [first] = entries;
  if (first === undefined) return undefined;
  if (entries.length === 1)
    return first.kind === "file" ? `${fileUrl(first.path)}?download` : folderArchive(first.path);
  if (folder !== undefined) return folderArchive(folder);
  const query = new URLSearchParams({ format: "zip" });
  for (const { path } of entries) query.append("paths", path);
  const url = `/api/archive?${query}`;
  return url.length <= LONGEST_URL ? url : undefined;
}
