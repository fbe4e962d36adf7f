// Fetches the entries of a folder from the server, one page at a time.
// @ts-check
import { callApi } from "../server/api.js";

/** @import { Problem } from "../server/problem.js" */

/**
 * @typedef {object} Entry
 * @property {string} path
 * @property {string} name
 * @property {"file" | "folder"} kind
 * @property {number} [size] bytes; only files have it
 * @property {string} [modified] ISO 8601
 * @property {string} url
 */

/** @typedef {{ key: "name" | "size" | "modified", order: "asc" | "desc" }} Sort */
/** @typedef {{ entries: Entry[], next: string | null, skipped: number }} Page `skipped`: entries that cannot be shown */

/** Entries per page: at least, and at most when the caller needs more. */
const PAGE_SIZE = 200;
const MAX_PAGE_SIZE = 1000;

/**
 * Fetches one page of a folder, folders before files.
 * @param {object} options
 * @param {string} options.folder
 * @param {Sort} options.sort
 * @param {string | null} options.cursor `next` of the previous page, or null for the first page
 * @param {number} [options.needed] how many more entries the caller needs
 * @param {AbortSignal} options.signal
 * @returns {Promise<Page | { problem: Problem, status: number }>}
 * @throws an `AbortError` when `signal` is aborted
 */
export async function fetchEntries({ folder, sort, cursor, needed = PAGE_SIZE, signal }) {
  const query = new URLSearchParams({
    folder,
    sort: sort.key,
    order: sort.order,
    foldersFirst: "true",
    hidden: "true",
    limit: String(Math.max(PAGE_SIZE, Math.min(MAX_PAGE_SIZE, needed))),
  });
  if (cursor !== null) query.set("cursor", cursor);
  const { status, body, problem } = await callApi(`/api/entries?${query}`, { signal });
  if (problem === undefined)
    return { entries: body["entries"], next: body["next"] ?? null, skipped: body["skipped"] ?? 0 };
  if (status !== 0) return { problem, status };
  const detail =
    "The folder cannot be listed because the server did not respond. Check your connection, then try again.";
  return { problem: { ...problem, detail }, status };
}
