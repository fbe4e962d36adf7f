// Resumable Uploads for HTTP: makes an upload on the server, sends the file into it, and goes on by itself after every cut.
// @ts-check

import { fileProblem, parse, problemOf, strangerProblem } from "../server/problem.js";
import { readable, transmit } from "../server/xhr.js";
import { forget, keyOf, remember, unfinished } from "./unfinished.js";
import { outcomeOf } from "./upload-result.js";

/** @import { Answer } from "../server/xhr.js" */
/** @import { Unfinished } from "./unfinished.js" */
/** @import { Outcome } from "./upload-result.js" */

/**
 * @typedef {object} Sending
 * @property {string} path below the root
 * @property {File} file
 * @property {AbortSignal} signal
 * @property {string} id the `X-Request-Id`, under which `GET /api/uploads/{id}` shows this upload
 * @property {(id: string) => void} onId it has another one, from before
 * @property {(bytes: number) => void} onSent bytes of the file that left this browser, or are with the server from before
 * @property {() => void} onAllSent the last byte left; the server still works
 * @property {(cut: boolean) => void} onCut the connection was cut, and it will be tried again; or it goes on
 * @property {(bytes: number) => void} onBefore so many bytes are with the server already, from before the page was opened
 */

const VERSION = { "Upload-Draft-Interop-Version": "8" };
const ACCEPT = { Accept: "application/json, application/problem+json" };
/** Milliseconds between two tries, longer each time. */
const PAUSES = [500, 1000, 2000, 5000, 10_000, 30_000];
/** Most bytes of a request: everything at first, less when nothing gets through; some proxies bound or collect bodies. */
const PIECES = [Number.POSITIVE_INFINITY, 64e6, 8e6, 1e6, 500e3];
/** Statuses of servers and proxies that may take it later. */
const LATER = new Set([408, 423, 429, 502, 503, 504]);
const GONE = new Set([404, 410]);

/** Two queued copies of one file must not fill the same upload. @type {Set<string>} */
const inUse = new Set();

/**
 * Goes on until the file is saved, refused or cancelled, however often the connection is cut. Never rejects.
 * @param {Sending} sending
 * @returns {Promise<Outcome>}
 */
export async function sendResumable(sending) {
  const key = keyOf(sending.path, sending.file);
  if (inUse.has(key)) return await new Attempt(sending, undefined).run();
  inUse.add(key);
  const outcome = await new Attempt(sending, key).run();
  inUse.delete(key);
  return outcome;
}

/** Removes an upload from the server. @param {string} url @returns {Promise<boolean>} whether it is gone */
export async function discard(url) {
  try {
    const { ok, status } = await fetch(url, { method: "DELETE", headers: VERSION, keepalive: true });
    return ok || GONE.has(status);
  } catch {
    return false;
  }
}

class Attempt {
  #sending;
  /** Under which it is remembered, if it is. */
  #key;
  /** @type {Unfinished | undefined} */
  #upload;
  /** Where the server stands. */
  #offset = 0;
  /** Which of the pieces is tried, and the largest that something on the way lets through. */
  #piece = 0;
  #largest = 0;
  /** In a row, without a byte that arrived. */
  #failures = 0;

  /** @param {Sending} sending @param {string | undefined} key */
  constructor(sending, key) {
    this.#sending = sending;
    this.#key = key;
    this.#upload = unfinished().find((known) => known.key === key);
    if (this.#upload !== undefined) sending.onId(this.#upload.id);
  }

  /** @returns {Promise<Outcome>} */
  async run() {
    const { file, signal, onCut } = this.#sending;
    /** Where the server stands is not known when the upload is from before. */
    let asks = this.#upload !== undefined;
    for (;;) {
      const outcome = asks ? await this.#look() : await this.#step();
      if (signal.aborted) return this.#cancel();
      if (outcome === "on") {
        onCut(false);
        asks = false;
      } else if (outcome === "later") {
        if (!(await readable(file))) return { problem: fileProblem() };
        onCut(true);
        await this.#pause();
        asks = this.#upload !== undefined;
      } else {
        if (this.#key !== undefined && "saved" in outcome) forget(this.#key);
        return outcome;
      }
    }
  }

  /** Makes it if it is not there, and sends what is missing. @returns {Promise<Outcome | "on" | "later">} */
  async #step() {
    if (this.#upload === undefined) return await this.#create();
    const { file, signal, onSent, onAllSent } = this.#sending;
    const from = this.#offset;
    const end = Math.min(file.size, from + (PIECES[this.#piece] ?? 0));
    const last = end === file.size;
    const answer = await transmit({
      method: "PATCH",
      url: this.#upload.url,
      headers: {
        ...ACCEPT,
        ...VERSION,
        "Content-Type": "application/partial-upload",
        "Upload-Offset": String(from),
        "Upload-Complete": last ? "?1" : "?0",
      },
      body: file.slice(from, end),
      signal,
      onSent: (bytes) => onSent(from + bytes),
      ...(last && { onAllSent }),
    });
    if (typeof answer !== "string" && answer.status === 204) {
      this.#arrived(end);
      return "on";
    }
    return this.#judge(answer);
  }

  /** @returns {Promise<Outcome | "on" | "later">} */
  async #create() {
    const { path, file, id, signal, onId } = this.#sending;
    onId(id);
    const answer = await transmit({
      method: "POST",
      url: `/uploads?${new URLSearchParams({ path, conflict: "rename" })}`,
      headers: {
        ...ACCEPT,
        ...VERSION,
        "Upload-Complete": "?0",
        "Upload-Length": String(file.size),
        "X-Request-Id": id,
      },
      body: null,
      signal,
    });
    if (typeof answer === "string" || answer.status !== 201) return this.#judge(answer);
    const url = answer.header("Location") ?? "";
    if (!url.startsWith("/uploads/")) return { problem: strangerProblem() };
    this.#upload = { key: this.#key ?? "", url, id, path, size: file.size };
    if (this.#key !== undefined) remember(this.#upload);
    return "on";
  }

  /** Asks where the upload stands. @returns {Promise<Outcome | "on" | "later">} */
  async #look() {
    const { file, signal, onSent, onBefore } = this.#sending;
    const url = this.#upload?.url ?? "";
    const answer = await transmit({ method: "HEAD", url, headers: VERSION, body: null, signal });
    if (typeof answer === "string") return "later";
    if (GONE.has(answer.status)) return this.#restart();
    if (answer.status !== 204)
      return LATER.has(answer.status) ? "later" : { problem: problemOf(answer.status, answer.body) };
    const offset = Number(answer.header("Upload-Offset") ?? Number.NaN);
    if (!Number.isSafeInteger(offset) || offset > file.size) return this.#restart();
    // Only at first: what was sent since the page was opened was waited for.
    if (this.#offset === 0 && this.#failures === 0) onBefore(offset);
    this.#arrived(offset);
    onSent(offset);
    return "on";
  }

  /** It is not there any more: from the start. */
  #restart() {
    this.#upload = undefined;
    this.#offset = 0;
    return /** @type {const} */ ("on");
  }

  /** @param {number} offset */
  #arrived(offset) {
    if (offset > this.#offset) {
      this.#failures = 0;
      this.#piece = Math.max(this.#largest, this.#piece - 1);
    }
    this.#offset = offset;
  }

  /** What an answer that is no progress means. @param {Answer | "cut" | "cancelled"} answer @returns {Outcome | "on" | "later"} */
  #judge(answer) {
    if (answer === "cancelled" || answer === "cut") return "later";
    const { status, body } = answer;
    const code = parse(body)?.["code"];
    if (status === 413 && code === undefined && this.#piece < PIECES.length - 1) {
      this.#largest = ++this.#piece;
      return "later";
    }
    if (LATER.has(status) || code === "offset_mismatch") return "later";
    if (code === "upload_gone" || (code === "not_found" && this.#upload !== undefined)) {
      this.#restart();
      return this.#failures > 2 ? { problem: problemOf(status, body) } : "later";
    }
    return outcomeOf(status, body);
  }

  /** Waits a little, longer each time, or for the network to be back. */
  async #pause() {
    const { signal } = this.#sending;
    const wait = PAUSES[Math.min(this.#failures++, PAUSES.length - 1)] ?? 0;
    if (this.#failures >= 3 && this.#piece < PIECES.length - 1) this.#piece++;
    await new Promise((resolve) => {
      // Offline nothing can come of it; the event ends the wait.
      if (navigator.onLine) setTimeout(resolve, wait);
      addEventListener("online", resolve, { once: true });
      signal.addEventListener("abort", resolve, { once: true });
    });
  }

  /** @returns {Outcome} */
  #cancel() {
    if (this.#key !== undefined) forget(this.#key);
    // Nobody waits for the answer: without it the server forgets by itself, later.
    if (this.#upload !== undefined) void discard(this.#upload.url);
    return { cancelled: true };
  }
}
