// The queue of uploads: three at once, the rest waits. It counts as it goes, so ten thousand files cost no more per step than ten.
// @ts-check
import { join } from "../server/path.js";
import { newId } from "../server/xhr.js";
import { Tally } from "./batch-progress.js";
import { send } from "./upload.js";

/** @import { Problem } from "../server/problem.js" */
/** @import { Saved } from "./upload-result.js" */

/**
 * `waiting` in the queue · `sending` the browser still sends · `saving` all is sent, the server still works ·
 * `saved` the server's answer is here · `failed` · `cancelled`
 * @typedef {"waiting" | "sending" | "saving" | "saved" | "failed" | "cancelled"} State
 */

/**
 * @typedef {object} Upload
 * @property {File} file
 * @property {string} name path relative to the folder it was dropped into
 * @property {string} path path below the root
 * @property {string} id of the running attempt
 * @property {State} state
 * @property {number} sent bytes that left the browser, or are with the server from before
 * @property {boolean} cut the connection was cut, and it will go on by itself
 * @property {Level | undefined} level what the server last said about it
 * @property {Saved | undefined} saved
 * @property {Problem | undefined} problem
 * @property {AbortController} abort
 * @property {Tally | undefined} tally the batch it was counted in
 */

/** What is where on the server. @typedef {{ received: number, saved: number, bytesPerSecond: number, bottleneck: string }} Level */

const AT_ONCE = 3;
/** So many failures in a row that are not about the file: the rest would only fail too. */
const HOLD_AFTER = 3;

export class Queue {
  /** In the order they were added. @type {Upload[]} */
  uploads = [];
  /** Uploads that run now. @type {Set<Upload>} */
  running = new Set();
  /** How many uploads are in each state. */
  counts = { waiting: 0, sending: 0, saving: 0, saved: 0, failed: 0, cancelled: 0 };
  /** The current batch, or the last one. */
  tally = new Tally();
  /** Why nothing new is started. @type {Problem | undefined} */
  held;

  /** @type {Set<Upload>} */
  #waiting = new Set();
  /** Folders that are being read. */
  #readings = 0;
  #failuresInARow = 0;
  #onChange;
  #onSaved;

  /**
   * @param {object} listeners
   * @param {() => void} listeners.onChange after anything changed; called often, so collect before drawing
   * @param {(saved: Saved) => void} listeners.onSaved
   */
  constructor({ onChange, onSaved }) {
    this.#onChange = onChange;
    this.#onSaved = onSaved;
  }

  /** Is anything running or going to run? */
  get busy() {
    return this.running.size > 0 || this.#waiting.size > 0 || this.#readings > 0;
  }

  /** Keeps the batch open while a folder is read: more files will come. @param {Promise<void>} reading */
  async expect(reading) {
    if (!this.busy) this.tally = new Tally();
    this.#readings++;
    await reading;
    this.#readings--;
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
        cut: false,
        level: undefined,
        saved: undefined,
        problem: undefined,
        abort: new AbortController(),
        tally: undefined,
      };
      this.uploads.push(upload);
      this.counts.cancelled++;
      this.#enqueue(upload);
    }
    this.resume();
  }

  /** Try again what failed or was cancelled. @param {Upload} upload */
  retry(upload) {
    if (upload.state !== "failed" && upload.state !== "cancelled") return;
    this.#enqueue(upload);
    this.resume();
  }

  retryFailed() {
    for (const upload of this.uploads) if (upload.state === "failed") this.#enqueue(upload);
    this.resume();
  }

  /** Start again after the queue was held. */
  resume() {
    this.held = undefined;
    this.#failuresInARow = 0;
    this.#pump();
  }

  /** @param {Upload} upload */
  cancel(upload) {
    if (upload.state === "waiting") {
      this.#waiting.delete(upload);
      this.#move(upload, "cancelled");
      this.#changed();
    } else {
      upload.abort.abort();
    }
  }

  cancelAll() {
    for (const upload of [...this.#waiting, ...this.running]) this.cancel(upload);
  }

  /** Forget what is over. */
  clear() {
    this.uploads = this.uploads.filter((upload) => upload.state === "waiting" || this.running.has(upload));
    this.counts = { ...this.counts, saved: 0, failed: 0, cancelled: 0 };
    if (!this.busy) this.tally = new Tally();
    this.#changed();
  }

  /** @param {Upload} upload */
  #enqueue(upload) {
    if (!this.busy) this.tally = new Tally();
    if (upload.tally !== this.tally) this.tally.enter(upload.file.size);
    else if (isLost(upload.state)) this.tally.reenter(upload.file.size, upload.state);
    upload.tally = this.tally;
    upload.sent = 0;
    upload.cut = false;
    upload.level = undefined;
    upload.problem = undefined;
    upload.abort = new AbortController();
    this.#waiting.add(upload);
    this.#move(upload, "waiting");
  }

  #pump() {
    for (const upload of this.#waiting) {
      if (this.running.size >= AT_ONCE || this.held !== undefined) break;
      this.#waiting.delete(upload);
      this.running.add(upload);
      void this.#run(upload);
    }
    this.#changed();
  }

  #changed() {
    if (!this.busy) this.tally.end();
    this.#onChange();
  }

  /** @param {Upload} upload */
  async #run(upload) {
    upload.id = newId();
    this.#move(upload, "sending");
    const outcome = await send({
      id: upload.id,
      path: upload.path,
      file: upload.file,
      signal: upload.abort.signal,
      onId: (id) => {
        upload.id = id;
      },
      onSent: (bytes) => {
        upload.sent = bytes;
        this.#changed();
      },
      onAllSent: () => {
        this.#move(upload, "saving");
        this.#changed();
      },
      onBefore: (bytes) => upload.tally?.skip(bytes),
      onCut: (cut) => {
        if (upload.state === "saving") this.#move(upload, "sending");
        upload.cut = cut;
        this.#changed();
      },
    });
    upload.cut = false;
    this.running.delete(upload);
    if ("saved" in outcome) {
      upload.saved = outcome.saved;
      this.#failuresInARow = 0;
      this.#move(upload, "saved");
      this.#onSaved(outcome.saved);
    } else if ("problem" in outcome) {
      upload.problem = outcome.problem;
      this.#move(upload, "failed");
      this.#countFailure(outcome.problem);
    } else {
      this.#move(upload, "cancelled");
    }
    this.#pump();
  }

  /** @param {Problem} problem */
  #countFailure(problem) {
    if (problem.cause !== "network" && problem.cause !== "server") return;
    this.#failuresInARow++;
    if (this.#failuresInARow >= HOLD_AFTER && this.#waiting.size > 0) this.held = problem;
  }

  /** @param {Upload} upload @param {State} state */
  #move(upload, state) {
    this.counts[upload.state]--;
    this.counts[state]++;
    upload.state = state;
    if (state === "saved") upload.tally?.save(upload.file.size);
    if (isLost(state)) upload.tally?.leave(upload.file.size, state);
  }
}

/** @param {State} state @returns {state is "failed" | "cancelled"} */
function isLost(state) {
  return state === "failed" || state === "cancelled";
}
