// The trash of the server, if it is enabled: how long deleted entries stay in it, and how to restore them.
// @ts-check
import { callApi } from "../server/api.js";
import { me } from "../server/me.js";
import { count, duration } from "../ui/format.js";

/** @import { BatchResult, Operation, Progress } from "./batch.js" */

const DAY_SECONDS = 86_400;
/** The server lists at most this many entries at a time. */
const MAX_PAGE_SIZE = 1000;

/** For how many seconds deleted entries stay in the trash; 0 means that there is no trash. */
export function retentionSeconds() {
  return me().trash ?? 0;
}

/** The retention time in words, such as "30 days". */
export function retentionTime() {
  const days = Math.round(retentionSeconds() / DAY_SECONDS);
  return days < 1 ? duration(retentionSeconds()) : `${count(days)} ${days === 1 ? "day" : "days"}`;
}

/**
 * Restores entries that were just deleted. Never rejects.
 * @param {string[]} paths
 * @param {object} options
 * @param {AbortSignal} options.signal
 * @param {(progress: Progress) => void} options.onProgress
 * @returns {Promise<BatchResult>}
 */
export async function restoreEntries(paths, { signal, onProgress }) {
  /** @type {BatchResult} */
  const result = { done: [], conflicts: [], failed: [], problem: undefined, cancelled: false };
  const pending = new Set(paths);
  /** @type {string | null} */
  let cursor = null;
  do {
    const query = new URLSearchParams({ limit: String(MAX_PAGE_SIZE), ...(cursor !== null && { cursor }) });
    const { body, problem } = await callApi(`/api/trash?${query}`);
    result.problem ??= problem;
    // The trash lists the newest entry first, so the first match of a path is the one that was just deleted.
    for (const { id, path } of problem === undefined ? body["entries"] : []) {
      if (!pending.delete(path) || signal.aborted) continue;
      await restoreEntry(id, path, result);
      onProgress({ done: result.done.length, bytes: 0, total: 0 });
    }
    cursor = body["next"] ?? null;
  } while (pending.size > 0 && cursor !== null && !signal.aborted);
  result.failed.push(...[...pending].map(deletionOf));
  result.cancelled = signal.aborted;
  return result;
}

/** @param {string} id @param {string} path @param {BatchResult} result */
async function restoreEntry(id, path, result) {
  const json = { id, conflict: "rename" };
  const { body, problem } = await callApi("/api/trash/restore", { method: "POST", json });
  const operation = deletionOf(path);
  if (problem === undefined) result.done.push({ operation, ...body });
  else {
    result.failed.push(operation);
    result.problem ??= problem;
  }
}

/** The operation that deleted this path. @param {string} path @returns {Operation} */
function deletionOf(path) {
  return { op: "delete", path, recursive: true };
}
