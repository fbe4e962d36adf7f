// Many changes on the server: sent some at a time, their copies followed, and what became of each.
// @ts-check
import { call } from "../server/api.js";

/** @import { Problem } from "../server/problem.js" */

/**
 * @typedef {{ op: "move" | "copy", from: string, to: string, conflict?: "rename" | "replace" | "fail" }} Way
 * @typedef {Way | { op: "delete", path: string, recursive: true } | { op: "folder", path: string }} Operation
 */

/**
 * `taken`: not done, because the name is taken · `failed`: not done for other reasons, the first of which is `problem`
 * @typedef {object} Result
 * @property {{ operation: Operation, path?: string, renamedFrom?: string }[]} done
 * @property {Operation[]} taken
 * @property {Operation[]} failed
 * @property {Problem | undefined} problem
 * @property {boolean} cancelled
 */

/** `total` 0: not known yet. @typedef {{ done: number, bytes: number, total: number }} Progress */

/** Few enough that Cancel comes soon, and long paths still fit into one request. */
const AT_ONCE = 50;
const FOLLOW_MS = 500;

/**
 * Never rejects.
 * @param {Operation[]} operations
 * @param {object} options
 * @param {AbortSignal} options.signal ends it: what is done stays, copies on their way leave nothing
 * @param {(progress: Progress) => void} options.onProgress
 * @returns {Promise<Result>}
 */
export async function perform(operations, { signal, onProgress }) {
  /** @type {Result} */
  const result = { done: [], taken: [], failed: [], problem: undefined, cancelled: false };
  let left = operations;
  while (left.length > 0 && !signal.aborted) {
    const part = left.slice(0, AT_ONCE);
    left = left.slice(AT_ONCE);
    const again = await send(part, result, signal, (bytes, total) =>
      onProgress({ done: result.done.length, bytes, total }),
    );
    left = [...again, ...left];
    onProgress({ done: result.done.length, bytes: 0, total: 0 });
    // Without an answer the others would only fail, too.
    if (result.problem?.cause === "network") result.failed.push(...left.splice(0));
  }
  result.cancelled = signal.aborted;
  return result;
}

/**
 * @param {Operation[]} operations
 * @param {Result} result is added to
 * @param {AbortSignal} signal
 * @param {(bytes: number, total: number) => void} onCopied
 * @returns {Promise<Operation[]>} what to send again: the server had no room for more copies
 */
async function send(operations, result, signal, onCopied) {
  const { body, problem, status } = await call("/api/batch", { method: "POST", json: { operations } });
  const undone = new Set(operations);
  /** @type {{ operation: Operation, id: string }[]} */
  const jobs = [];
  for (const { operation: index, job, ...entry } of problem === undefined ? body["done"] : []) {
    const operation = operations[index];
    if (operation === undefined) continue;
    undone.delete(operation);
    if (job !== undefined) jobs.push({ operation, id: job.id });
    else result.done.push({ operation, ...entry });
  }
  // The list of errors is short; those without a reason of their own count as the last one known.
  const codes = codesOf(body["errors"], operations.length);
  let code = problem === undefined || status === 0 ? "" : String(body["code"]);
  /** @type {Operation[]} */
  const again = [];
  operations.forEach((operation, index) => {
    if (!undone.has(operation)) return;
    code = codes.get(index) ?? code;
    if (code === "name_taken") result.taken.push(operation);
    else if (code === "too_many_jobs" && jobs.length > 0) again.push(operation);
    else result.failed.push(operation);
  });
  if (result.failed.length > 0) result.problem ??= problem ?? problemIn(body["errors"]);
  await Promise.all(jobs.map((job) => follow(job, result, signal, onCopied)));
  return again;
}

/** The code of each operation that has one. @param {unknown} errors @param {number} most @returns {Map<number, string>} */
function codesOf(errors, most) {
  const codes = new Map();
  for (const { code, pointer } of Array.isArray(errors) ? errors : []) {
    const index = Number(/^\/operations\/(\d+)/.exec(String(pointer))?.[1] ?? Number.NaN);
    if (index < most) codes.set(index, String(code));
  }
  return codes;
}

/** What a batch that was done in part says of the rest. @param {{ code: string, detail: string }[]} errors @returns {Problem} */
function problemIn(errors) {
  const lines = errors.filter(({ code }) => code !== "name_taken" && code !== "too_many_errors");
  return {
    title: "Not everything could be done",
    detail: "",
    errors: [...new Set(lines.map(({ detail }) => detail))],
    omitted: 0,
    cause: "refused",
  };
}

/**
 * Waits for a copy in the background.
 * @param {{ operation: Operation, id: string }} job
 * @param {Result} result
 * @param {AbortSignal} signal
 * @param {(bytes: number, total: number) => void} onCopied
 */
async function follow({ operation, id }, result, signal, onCopied) {
  for (;;) {
    if (signal.aborted) await call(`/api/jobs/${id}`, { method: "DELETE" });
    const { body, problem, status } = await call(`/api/jobs/${id}`);
    const job = body["job"];
    // Cancelled when it had just ended: then it is forgotten.
    if (signal.aborted && status === 404) return;
    if (problem !== undefined || job.state === "failed") {
      if (job?.error?.code === "name_taken") result.taken.push(operation);
      else {
        result.failed.push(operation);
        result.problem ??= problem ?? problemIn([job.error]);
      }
      return;
    }
    if (job.state === "done") return void result.done.push({ operation, ...job.entry });
    if (job.state === "cancelled") return;
    onCopied(job.bytes, job.total);
    await new Promise((resolve) => setTimeout(resolve, FOLLOW_MS));
  }
}
