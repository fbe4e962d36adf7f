// Listings from the server, page by page.
// @ts-check
import { call } from "../server/api.js";

/** @import { Problem } from "../server/problem.js" */

/**
 * @typedef {object} Entry
 * @property {string} path
 * @property {string} name
 * @property {"file" | "folder"} kind
 * @property {number} [size] bytes; files only
 * @property {string} [modified] ISO 8601
 * @property {string} url
 */

/** @typedef {{ key: "name" | "size" | "modified", order: "asc" | "desc" }} Sort */
/** @typedef {{ entries: Entry[], next: string | null }} Page */

/** Entries of a page, unless more are wanted; and the most that a page has. */
const PAGE = 200;
const MOST = 1000;

/**
 * One page of a folder's entries, folders first.
 * @param {object} options
 * @param {string} options.folder
 * @param {Sort} options.sort
 * @param {string | null} options.cursor `next` of the page before, or null for the first
 * @param {number} [options.wanted] how many more are of use
 * @param {AbortSignal} options.signal
 * @returns {Promise<Page | { problem: Problem, status: number }>}
 * @throws an `AbortError` after `signal`
 */
export async function fetchEntries({ folder, sort, cursor, wanted = PAGE, signal }) {
  const query = new URLSearchParams({
    folder,
    sort: sort.key,
    order: sort.order,
    foldersFirst: "true",
    hidden: "true",
    limit: String(Math.max(PAGE, Math.min(MOST, wanted))),
  });
  if (cursor !== null) query.set("cursor", cursor);
  const { status, body, problem } = await call(`/api/entries?${query}`, { signal });
  if (problem !== undefined)
    return {
      problem: status === 0 ? { ...problem, detail: "The list could not be read." } : problem,
      status,
    };
  return { entries: body["entries"], next: body["next"] ?? null };
}
