// The trash of this server, if it has one: how long things stay there, and how they come back.
// @ts-check
import { call } from "../server/api.js";
import { count, duration } from "../ui/format.js";

/** @import { Operation, Progress, Result } from "./batch.js" */

const DAY = 86_400;
/** The most that the server lists at once. */
const MOST = 1000;

const said = Number(document.querySelector("meta[name=sluice-trash]")?.getAttribute("content") ?? "");

/** Seconds that removed things stay; 0: they are gone at once. */
export const kept = Number.isFinite(said) ? said : 0;

/** "30 days" */
export function keptFor() {
  const days = Math.round(kept / DAY);
  return days < 1 ? duration(kept) : `${count(days)} ${days === 1 ? "day" : "days"}`;
}

/**
 * Puts back what was just removed. Never rejects.
 * @param {string[]} paths
 * @param {object} options
 * @param {AbortSignal} options.signal
 * @param {(progress: Progress) => void} options.onProgress
 * @returns {Promise<Result>}
 */
export async function restore(paths, { signal, onProgress }) {
  /** @type {Result} */
  const result = { done: [], taken: [], failed: [], problem: undefined, cancelled: false };
  const left = new Set(paths);
  /** @type {string | null} */
  let cursor = null;
  do {
    const query = new URLSearchParams({ limit: String(MOST), ...(cursor !== null && { cursor }) });
    const { body, problem } = await call(`/api/trash?${query}`);
    result.problem ??= problem;
    // The last removed comes first: of several under one path it is the one.
    for (const { id, path } of problem === undefined ? body["entries"] : []) {
      if (!left.delete(path) || signal.aborted) continue;
      await restoreOne(id, path, result);
      onProgress({ done: result.done.length, bytes: 0, total: 0 });
    }
    cursor = body["next"] ?? null;
  } while (left.size > 0 && cursor !== null && !signal.aborted);
  result.failed.push(...[...left].map(operationOf));
  result.cancelled = signal.aborted;
  return result;
}

/** @param {string} id @param {string} path @param {Result} result */
async function restoreOne(id, path, result) {
  const json = { id, conflict: "rename" };
  const { body, problem } = await call("/api/trash/restore", { method: "POST", json });
  const operation = operationOf(path);
  if (problem === undefined) result.done.push({ operation, ...body });
  else {
    result.failed.push(operation);
    result.problem ??= problem;
  }
}

/** @param {string} path @returns {Operation} */
function operationOf(path) {
  return { op: "delete", path, recursive: true };
}
