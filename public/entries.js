// Listings from the server, page by page.
// @ts-check
import { networkProblem, problemOf } from "./problem.js";

/** @import { Problem } from "./problem.js" */

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

const PAGE = 200;

/**
 * One page of a folder's entries.
 * @param {object} options
 * @param {string} options.folder
 * @param {Sort} options.sort
 * @param {string | null} options.cursor `next` of the page before, or null for the first
 * @param {AbortSignal} options.signal
 * @returns {Promise<Page | { problem: Problem, status: number }>}
 * @throws an `AbortError` after `signal`
 */
export async function fetchEntries({ folder, sort, cursor, signal }) {
  const query = new URLSearchParams({
    folder,
    sort: sort.key,
    order: sort.order,
    foldersFirst: "true",
    hidden: "true",
    limit: String(PAGE),
  });
  if (cursor !== null) query.set("cursor", cursor);
  try {
    const response = await fetch(`/api/entries?${query}`, {
      headers: { accept: "application/json" },
      signal,
    });
    const body = await response.text();
    if (!response.ok) return { problem: problemOf(response.status, body), status: response.status };
    const page = JSON.parse(body);
    return { entries: page.entries, next: page.next ?? null };
  } catch (error) {
    if (signal.aborted) throw error;
    return { problem: { ...networkProblem(), detail: "The list could not be read." }, status: 0 };
  }
}
