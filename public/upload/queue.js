// The upload queue: runs three uploads at a time. It keeps running totals, so the cost of a step does not grow with the queue.
// @ts-check
import { join } from "../server/path.js";
import { createRequestId } from "../server/xhr.js";
import { BatchProgress } from "./batch-progress.js";
import { FILES } from "./target.js";
import { uploadFile } from "./upload.js";

/** @import { Problem } from "../server/problem.js" */
/** @import { SavedFile } from "./upload-result.js" */

/**
 * `waiting` in the queue · `sending` the browser is sending data · `saving` all data is sent, the response is pending ·
 * `saved` the server confirmed the file · `failed` · `cancelled`
 * @typedef {"waiting" | "sending" | "saving" | "saved" | "failed" | "cancelled"} State
 */

/**
 * @typedef {object} Upload
 * @property {File} file
 * @property {string} name the path relative to the folder that was open when the file was added
 * @property {string} path the path below the root
 * @property {string} id the request id of the running attempt
 * @property {State} state
 * @property {number} sent bytes that the browser has sent, or that the server already had
 * @property {boolean} interrupted the connection was lost; the upload will resume automatically
 * @property {ServerProgress | undefined} progress the latest progress that the server reported
 * @property {SavedFile | undefined} saved
 * @property {Problem | undefined} problem
 * @property {AbortController} abort
 * @property {BatchProgress | undefined} batch the batch that counts this upload
 */

/**
 * Bytes that the server has received, and bytes that are saved to its disk.
 * @typedef {{ received: number, saved: number, bytesPerSecond: number, bottleneck: string }} ServerProgress
 */

const MAX_CONCURRENT = 3;
/** After this many consecutive failures that are not specific to a file, the next uploads would most likely fail too. */
const FAILURES_BEFORE_PAUSE = 3;

export class Queue {
  /** All uploads in the order they were added. @type {Upload[]} */
  uploads = [];
  /** @type {Set<Upload>} */
  running = new Set();
  /** The number of uploads in each state. */
  counts = { waiting: 0, sending: 0, saving: 0, saved: 0, failed: 0, cancelled: 0 };
  /** The current batch, or the last one while the queue is idle. */
  batch = new BatchProgress();
  /** The reason why the queue is paused; undefined while it is not. @type {Problem | undefined} */
  pausedBy;

  /** @type {Set<Upload>} */
  #waiting = new Set();
  /** The number of dropped folders that are still being read. */
  #pendingReads = 0;
  #consecutiveFailures = 0;
  #onChange;
  #onSaved;
  #target;

  /**
   * @param {object} listeners
   * @param {() => void} listeners.onChange called very often, so the listener should defer its work
   * @param {(saved: SavedFile) => void} listeners.onSaved
   * @param {import("./target.js").UploadTarget} [target]
   */
  constructor({ onChange, onSaved }, target = FILES) {
    this.#onChange = onChange;
    this.#onSaved = onSaved;
    this.#target = target;
  }

  /** Whether an upload is running or about to run. */
  get busy() {
    return this.running.size > 0 || this.#waiting.size > 0 || this.#pendingReads > 0;
  }

  /** Bytes on the server's disk of files of this batch that are not finished. */
  get runningBytes() {
    let sum = 0;
    for (const { progress, file, batch } of this.running) {
      if (batch === this.batch) sum += Math.min(progress?.saved ?? 0, file.size);
    }
    return sum;
  }

  /** Keeps the batch open while a folder is read, because more files will follow. @param {Promise<void>} reading */
  async keepBatchOpen(reading) {
    if (!this.busy) this.batch = new BatchProgress();
    this.#pendingReads++;
    await reading;
    this.#pendingReads--;
    this.#changed();
  }

  /**
   * @param {{ file: File, path: string }[]} items files with their paths relative to `folder`
   * @param {string} folder
   */
  add(items, folder) {
    for (const { file, path } of items) {
      /** @type {Upload} */
      const upload = {
        file,
        name: path,
        path: join(folder, path),
        id: "",
        state: "cancelled",
        sent: 0,
        interrupted: false,
        progress: undefined,
        saved: undefined,
        problem: undefined,
        abort: new AbortController(),
        batch: undefined,
      };
      this.uploads.push(upload);
      this.counts.cancelled++;
      this.#enqueue(upload);
    }
    this.resume();
  }

  /** Retries an upload that failed or was cancelled. @param {Upload} upload */
  retry(upload) {
    if (!isStopped(upload.state)) return;
    this.#enqueue(upload);
    this.resume();
  }

  retryFailed() {
    for (const upload of this.uploads) if (upload.state === "failed") this.#enqueue(upload);
    this.resume();
  }

  /** Continues after a pause. */
  resume() {
    this.pausedBy = undefined;
    this.#consecutiveFailures = 0;
    this.#startNext();
  }

  /** @param {Upload} upload */
  cancel(upload) {
    if (upload.state === "waiting") {
      this.#waiting.delete(upload);
      this.#setState(upload, "cancelled");
      this.#changed();
    } else {
      upload.abort.abort();
    }
  }

  cancelAll() {
    for (const upload of [...this.#waiting, ...this.running]) this.cancel(upload);
  }

  /** Removes uploads that have ended from the list. */
  clearEnded() {
    this.uploads = this.uploads.filter((upload) => upload.state === "waiting" || this.running.has(upload));
    this.counts = { ...this.counts, saved: 0, failed: 0, cancelled: 0 };
    if (!this.busy) this.batch = new BatchProgress();
    this.#changed();
  }

  /** @param {Upload} upload */
  #enqueue(upload) {
    if (!this.busy) this.batch = new BatchProgress();
    if (upload.batch !== this.batch) this.batch.addFile(upload.file.size);
    else if (isStopped(upload.state)) this.batch.retryFile(upload.file.size, upload.state);
    upload.batch = this.batch;
    upload.sent = 0;
    upload.interrupted = false;
    upload.progress = undefined;
    upload.problem = undefined;
    upload.abort = new AbortController();
    this.#waiting.add(upload);
    this.#setState(upload, "waiting");
  }

  #startNext() {
    for (const upload of this.#waiting) {
      if (this.running.size >= MAX_CONCURRENT || this.pausedBy !== undefined) break;
      this.#waiting.delete(upload);
      this.running.add(upload);
      void this.#run(upload);
    }
    this.#changed();
  }

  #changed() {
    if (!this.busy) this.batch.end();
    this.#onChange();
  }

  /** @param {Upload} upload */
  async #run(upload) {
    upload.id = createRequestId();
    this.#setState(upload, "sending");
    const result = await uploadFile({
      id: upload.id,
      path: upload.path,
      file: upload.file,
      target: this.#target,
      signal: upload.abort.signal,
      onIdChange: (id) => {
        upload.id = id;
      },
      onSent: (bytes) => {
        upload.sent = bytes;
        this.#changed();
      },
      onKept: (bytes) => {
        if (this.#target.hasFeed) return;
        upload.progress = { received: bytes, saved: bytes, bytesPerSecond: 0, bottleneck: "" };
        this.#changed();
      },
      onAllSent: () => {
        this.#setState(upload, "saving");
        this.#changed();
      },
      onResumed: (bytes) => upload.batch?.addResumed(bytes),
      onInterrupted: (interrupted) => {
        if (upload.state === "saving") this.#setState(upload, "sending");
        upload.interrupted = interrupted;
        this.#changed();
      },
    });
    upload.interrupted = false;
    this.running.delete(upload);
    if ("saved" in result) {
      upload.saved = result.saved;
      this.#consecutiveFailures = 0;
      this.#setState(upload, "saved");
      this.#onSaved(result.saved);
    } else if ("problem" in result) {
      upload.problem = result.problem;
      this.#setState(upload, "failed");
      this.#countFailure(result.problem);
    } else {
      this.#setState(upload, "cancelled");
    }
    this.#startNext();
  }

  /** @param {Problem} problem */
  #countFailure(problem) {
    if (problem.cause !== "network" && problem.cause !== "server") return;
    this.#consecutiveFailures++;
    if (this.#consecutiveFailures >= FAILURES_BEFORE_PAUSE && this.#waiting.size > 0) this.pausedBy = problem;
  }

  /** @param {Upload} upload @param {State} state */
  #setState(upload, state) {
    this.counts[upload.state]--;
    this.counts[state]++;
    upload.state = state;
    if (state === "saved") upload.batch?.saveFile(upload.file.size);
    if (isStopped(state)) upload.batch?.dropFile(upload.file.size, state);
  }
}

/** @param {State} state @returns {state is "failed" | "cancelled"} */
function isStopped(state) {
  return state === "failed" || state === "cancelled";
}
