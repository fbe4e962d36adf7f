// Runs many operations on the server: sends them in batches, waits for background copies, and collects the results.
// @ts-check
import { callApi } from "../server/api.js";

/** @import { Problem } from "../server/problem.js" */

/**
 * @typedef {{ op: "move" | "copy", from: string, to: string, conflict?: "rename" | "replace" | "fail" }} Transfer
 * @typedef {Transfer | { op: "delete", path: string, recursive: true } | { op: "folder", path: string }} Operation
 */

/**
 * `conflicts`: not done because the name is taken · `failed`: not done for another reason; `problem` is the first reason
 * @typedef {object} BatchResult
 * @property {{ operation: Operation, path?: string, renamedFrom?: string }[]} done
 * @property {Operation[]} conflicts
 * @property {Operation[]} failed
 * @property {Problem | undefined} problem
 * @property {boolean} cancelled
 */

/** `total` is 0 until it is known. @typedef {{ done: number, bytes: number, total: number }} Progress */

/** Small enough for Cancel to take effect soon, and for long paths to fit into one request. */
const BATCH_SIZE = 50;
const JOB_POLL_MS = 500;

/**
 * Never rejects.
 * @param {Operation[]} operations
 * @param {object} options
 * @param {AbortSignal} options.signal cancels: completed operations stay, running copies are removed
 * @param {(progress: Progress) => void} options.onProgress
 * @returns {Promise<BatchResult>}
 */
export async function runBatch(operations, { signal, onProgress }) {
  /** @type {BatchResult} */
  const result = { done: [], conflicts: [], failed: [], problem: undefined, cancelled: false };
  let pending = operations;
  while (pending.length > 0 && !signal.aborted) {
    const batch = pending.slice(0, BATCH_SIZE);
    pending = pending.slice(BATCH_SIZE);
    const postponed = await sendBatch(batch, result, signal, (bytes, total) =>
      onProgress({ done: result.done.length, bytes, total }),
    );
    pending = [...postponed, ...pending];
    onProgress({ done: result.done.length, bytes: 0, total: 0 });
    // Without a connection the remaining operations would fail as well.
    if (result.problem?.cause === "network") result.failed.push(...pending.splice(0));
  }
  result.cancelled = signal.aborted;
  return result;
}

/**
 * @param {Operation[]} operations
 * @param {BatchResult} result the outcome of each operation is added to it
 * @param {AbortSignal} signal
 * @param {(bytes: number, total: number) => void} onCopied
 * @returns {Promise<Operation[]>} operations to send again, because the copy queue of the server was full
 */
async function sendBatch(operations, result, signal, onCopied) {
  const { body, problem, status } = await callApi("/api/batch", { method: "POST", json: { operations } });
  const notDone = new Set(operations);
  /** @type {{ operation: Operation, id: string }[]} */
  const jobs = [];
  for (const { operation: index, job, ...entry } of problem === undefined ? body["done"] : []) {
    const operation = operations[index];
    if (operation === undefined) continue;
    notDone.delete(operation);
    if (job !== undefined) jobs.push({ operation, id: job.id });
    else result.done.push({ operation, ...entry });
  }
  // The server limits the list of errors. An operation without an error of its own gets the code of the one before it.
  const codes = errorCodes(body["errors"], operations.length);
  let code = problem === undefined || status === 0 ? "" : String(body["code"]);
  /** @type {Operation[]} */
  const postponed = [];
  operations.forEach((operation, index) => {
    if (!notDone.has(operation)) return;
    code = codes.get(index) ?? code;
    if (code === "name_taken") result.conflicts.push(operation);
    else if (code === "too_many_jobs" && jobs.length > 0) postponed.push(operation);
    else result.failed.push(operation);
  });
  if (result.failed.length > 0) result.problem ??= problem ?? summarize(body["errors"]);
  await Promise.all(jobs.map((job) => waitForJob(job, result, signal, onCopied)));
  return postponed;
}

/** The error code by operation index. @param {unknown} errors @param {number} operations @returns {Map<number, string>} */
function errorCodes(errors, operations) {
  const codes = new Map();
  for (const { code, pointer } of Array.isArray(errors) ? errors : []) {
    const index = Number(/^\/operations\/(\d+)/.exec(String(pointer))?.[1] ?? Number.NaN);
    if (index < operations) codes.set(index, String(code));
  }
  return codes;
}

/** One problem for all errors of a partly successful batch. @param {{ code: string, detail: string }[]} errors @returns {Problem} */
function summarize(errors) {
  const relevant = errors.filter(({ code }) => code !== "name_taken" && code !== "too_many_errors");
  return {
    code: "",
    title: "Some operations failed",
    detail: "",
    errors: [...new Set(relevant.map(({ detail }) => detail))],
    omitted: 0,
    cause: "refused",
  };
}

/**
 * Waits for a background copy to end, and cancels it when `signal` is aborted.
 * @param {{ operation: Operation, id: string }} job
 * @param {BatchResult} result
 * @param {AbortSignal} signal
 * @param {(bytes: number, total: number) => void} onCopied
 */
async function waitForJob({ operation, id }, result, signal, onCopied) {
  for (;;) {
    if (signal.aborted) await callApi(`/api/jobs/${id}`, { method: "DELETE" });
    const { body, problem, status } = await callApi(`/api/jobs/${id}`);
    const job = body["job"];
    // Cancelling a job that has just ended deletes its record.
    if (signal.aborted && status === 404) return;
    if (problem !== undefined || job.state === "failed") {
      if (job?.error?.code === "name_taken") result.conflicts.push(operation);
      else {
        result.failed.push(operation);
        result.problem ??= problem ?? summarize([job.error]);
      }
      return;
    }
    if (job.state === "done") return void result.done.push({ operation, ...job.entry });
    if (job.state === "cancelled") return;
    onCopied(job.bytes, job.total);
    await new Promise((resolve) => setTimeout(resolve, JOB_POLL_MS));
  }
}
