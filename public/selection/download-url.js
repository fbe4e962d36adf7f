// Builds download URLs: a single file is downloaded as it is, everything else as a zip archive.
// @ts-check
import { serverUrl } from "../server/base.js";
import { fileUrl } from "../server/path.js";

/** @import { Entry } from "../listing/entries.js" */

/** Servers and proxies commonly reject URLs of more than 8 KB. */
const MAX_URL_LENGTH = 7000;

/** The URL of a folder as a zip archive. @param {string} folder */
export function folderArchiveUrl(folder) {
  return serverUrl(`/api/archive?${new URLSearchParams({ folder, format: "zip" })}`);
}

/**
 * The URL that downloads these entries.
 * @param {Entry[]} entries
 * @param {string | undefined} folder the folder, if these are all of its entries
 * @returns {string | undefined} undefined if there are no entries, or if their names do not fit into a URL
 */
export function downloadUrl(entries, folder) {
  const [first] = entries;
  if (first === undefined) return undefined;
  if (entries.length === 1)
    return first.kind === "file" ? `${fileUrl(first.path)}?download` : folderArchiveUrl(first.path);
  if (folder !== undefined) return folderArchiveUrl(folder);
  const query = new URLSearchParams({ format: "zip" });
  for (const { path } of entries) query.append("paths", path);
  const url = serverUrl(`/api/archive?${query}`);
  return url.length <= MAX_URL_LENGTH ? url : undefined;
}
