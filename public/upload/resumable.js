// Resumable Uploads for HTTP: creates an upload on the server, sends the file, and resumes automatically after each interruption.
// @ts-check
import { serverPath } from "../server/base.js";
import { parseJson, problemFrom, unexpectedResponse, unreadableFile } from "../server/problem.js";
import { isReadable, sendRequest } from "../server/xhr.js";
import { ChunkSize } from "./chunk-size.js";
import { addUnfinished, loadUnfinished, removeUnfinished, uploadKey } from "./unfinished.js";
import { resultFrom } from "./upload-result.js";

/** @import { XhrResponse } from "../server/xhr.js" */
/** @import { UploadTarget } from "./target.js" */
/** @import { UnfinishedUpload } from "./unfinished.js" */
/** @import { UploadResult } from "./upload-result.js" */

/**
 * @typedef {object} UploadRequest
 * @property {string} path below the root
 * @property {File} file
 * @property {UploadTarget} target
 * @property {AbortSignal} signal
 * @property {string} id the `X-Request-Id`, by which `GET /api/uploads/{id}` finds this upload
 * @property {(id: string) => void} onIdChange the upload has the id of an earlier attempt
 * @property {(bytes: number) => void} onSent bytes that the browser has sent, or that the server already had
 * @property {(bytes: number) => void} onKept bytes that the server has confirmed; it keeps them whatever happens
 * @property {() => void} onAllSent the last byte has been sent; the response is pending
 * @property {(interrupted: boolean) => void} onInterrupted true: the upload is interrupted and will be retried; false: it continues
 * @property {(bytes: number) => void} onResumed the server already had this many bytes from an earlier visit
 */

const VERSION = { "Upload-Draft-Interop-Version": "8" };
const ACCEPT = { Accept: "application/json, application/problem+json" };
const RETRY_DELAYS_MS = [500, 1000, 2000, 5000, 10_000, 30_000];
/** Maximum bytes per request: first the whole file, then less, because some proxies limit or buffer request bodies. */
const CHUNK_SIZES = [Number.POSITIVE_INFINITY, 64e6, 8e6, 1e6, 500e3];
/** Statuses with which a server or proxy may accept a later attempt. */
const RETRYABLE = new Set([408, 423, 429, 502, 503, 504]);
const NOT_FOUND = new Set([404, 410]);

/** Keys of running uploads: two queued copies of the same file must not write to the same upload. @type {Set<string>} */
const activeKeys = new Set();

/**
 * Runs until the file is saved, refused or cancelled, however often the connection is lost. Never rejects.
 * @param {UploadRequest} request
 * @returns {Promise<UploadResult>}
 */
export async function uploadResumable(request) {
  const key = request.target.keyPrefix + uploadKey(request.path, request.file);
  if (activeKeys.has(key)) return await new ResumableUpload(request, undefined).run();
  activeKeys.add(key);
  const result = await new ResumableUpload(request, key).run();
  activeKeys.delete(key);
  return result;
}

/** Deletes an upload on the server. @param {string} url @returns {Promise<boolean>} whether it no longer exists */
export async function deleteUpload(url) {
  try {
    const { ok, status } = await fetch(url, { method: "DELETE", headers: VERSION, keepalive: true });
    return ok || NOT_FOUND.has(status);
  } catch {
    return false;
  }
}

class ResumableUpload {
  #request;
  /** The key under which the upload is remembered; undefined if it is not. */
  #key;
  /** The upload on the server; undefined until it is created. @type {UnfinishedUpload | undefined} */
  #upload;
  /** The offset of the next byte to send. */
  #offset = 0;
  /** The current index in `CHUNK_SIZES`, and the lowest index that no proxy has refused. */
  #chunkIndex = 0;
  #minChunkIndex = 0;
  /** Bytes of the next chunk where chunks are the progress. */
  #chunk = new ChunkSize();
  /** Consecutive attempts that transferred no byte. */
  #failures = 0;

  /** @param {UploadRequest} request @param {string | undefined} key */
  constructor(request, key) {
    this.#request = request;
    this.#key = key;
    this.#upload = loadUnfinished().find((upload) => upload.key === key);
    if (this.#upload !== undefined) request.onIdChange(this.#upload.id);
  }

  /** @returns {Promise<UploadResult>} */
  async run() {
    const { file, signal, onInterrupted } = this.#request;
    let offsetUnknown = this.#upload !== undefined;
    for (;;) {
      const result = offsetUnknown ? await this.#fetchOffset() : await this.#sendNext();
      if (signal.aborted) return this.#cancel();
      if (result === "continue") {
        onInterrupted(false);
        offsetUnknown = false;
      } else if (result === "retry") {
        if (!(await isReadable(file))) return { problem: unreadableFile() };
        onInterrupted(true);
        await this.#backOff();
        offsetUnknown = this.#upload !== undefined;
      } else {
        if (this.#key !== undefined && "saved" in result) removeUnfinished(this.#key);
        return result;
      }
    }
  }

  /** Creates the upload if there is none yet; otherwise sends the next chunk. @returns {Promise<UploadResult | "continue" | "retry">} */
  async #sendNext() {
    if (this.#upload === undefined) return await this.#create();
    const { file, signal, target, onSent, onAllSent } = this.#request;
    const start = this.#offset;
    const startedAt = performance.now();
    const most = target.hasFeed ? Number.POSITIVE_INFINITY : this.#chunk.bytes;
    const end = Math.min(file.size, start + Math.min(most, CHUNK_SIZES[this.#chunkIndex] ?? 0));
    const isLast = end === file.size;
    const response = await sendRequest({
      method: "PATCH",
      url: this.#upload.url,
      headers: {
        ...ACCEPT,
        ...VERSION,
        "Content-Type": "application/partial-upload",
        "Upload-Offset": String(start),
        "Upload-Complete": isLast ? "?1" : "?0",
      },
      body: file.slice(start, end),
      signal,
      onSent: (bytes) => onSent(start + bytes),
      ...(isLast && { onAllSent }),
    });
    if (typeof response !== "string" && response.status === 204) {
      this.#chunk.adapt(performance.now() - startedAt);
      this.#advanceTo(end);
      return "continue";
    }
    return this.#classify(response);
  }

  /** @returns {Promise<UploadResult | "continue" | "retry">} */
  async #create() {
    const { path, file, id, signal, target, onIdChange } = this.#request;
    onIdChange(id);
    const response = await sendRequest({
      method: "POST",
      url: target.createUrl(path),
      headers: {
        ...ACCEPT,
        ...VERSION,
        ...target.createHeaders(path),
        "Upload-Complete": "?0",
        "Upload-Length": String(file.size),
        "X-OC-Mtime": `${file.lastModified / 1000}`,
        "X-Request-Id": id,
      },
      body: null,
      signal,
    });
    if (typeof response === "string" || response.status !== 201) return this.#classify(response);
    const url = response.header("Location") ?? "";
    if (!serverPath(url).startsWith("/uploads/")) return { problem: unexpectedResponse() };
    this.#upload = { key: this.#key ?? "", url, id, path, size: file.size };
    if (this.#key !== undefined) addUnfinished(this.#upload);
    return "continue";
  }

  /** Asks the server for the current offset. @returns {Promise<UploadResult | "continue" | "retry">} */
  async #fetchOffset() {
    const { file, signal, onSent, onResumed } = this.#request;
    const url = this.#upload?.url ?? "";
    const response = await sendRequest({ method: "HEAD", url, headers: VERSION, body: null, signal });
    if (typeof response === "string") return "retry";
    if (NOT_FOUND.has(response.status)) return this.#restart();
    if (response.status !== 204)
      return RETRYABLE.has(response.status)
        ? "retry"
        : { problem: problemFrom(response.status, response.body) };
    const offset = Number(response.header("Upload-Offset") ?? Number.NaN);
    if (!Number.isSafeInteger(offset) || offset > file.size) return this.#restart();
    // After a retry the offset includes bytes sent during this visit, so only the first one counts as resumed.
    if (this.#offset === 0 && this.#failures === 0) onResumed(offset);
    this.#advanceTo(offset);
    onSent(offset);
    return "continue";
  }

  /** Starts over, because the upload no longer exists on the server. */
  #restart() {
    this.#upload = undefined;
    this.#offset = 0;
    return /** @type {const} */ ("continue");
  }

  /** @param {number} offset */
  #advanceTo(offset) {
    if (offset > this.#offset) {
      this.#failures = 0;
      this.#chunkIndex = Math.max(this.#minChunkIndex, this.#chunkIndex - 1);
    }
    this.#offset = offset;
    this.#request.onKept(offset);
  }

  /**
   * Decides what to do after a request that made no progress.
   * @param {XhrResponse | "network-error" | "aborted"} response
   * @returns {UploadResult | "continue" | "retry"}
   */
  #classify(response) {
    if (typeof response === "string") return "retry";
    const { status, body } = response;
    const code = parseJson(body)?.["code"];
    // A 413 that is not Sluice's comes from a proxy: continue with smaller chunks.
    if (status === 413 && code === undefined && this.#chunkIndex < CHUNK_SIZES.length - 1) {
      this.#minChunkIndex = ++this.#chunkIndex;
      return "retry";
    }
    if (RETRYABLE.has(status) || code === "offset_mismatch") return "retry";
    if (code === "upload_gone" || (code === "not_found" && this.#upload !== undefined)) {
      this.#restart();
      return this.#failures > 2 ? { problem: problemFrom(status, body) } : "retry";
    }
    return resultFrom(status, body);
  }

  /** Waits for the next retry delay, or until the device is online again. */
  async #backOff() {
    const { signal } = this.#request;
    const delay = RETRY_DELAYS_MS[Math.min(this.#failures++, RETRY_DELAYS_MS.length - 1)] ?? 0;
    if (this.#failures >= 3 && this.#chunkIndex < CHUNK_SIZES.length - 1) this.#chunkIndex++;
    await new Promise((resolve) => {
      // While the device is offline every attempt would fail, so only the `online` event ends the wait.
      if (navigator.onLine) setTimeout(resolve, delay);
      addEventListener("online", resolve, { once: true });
      signal.addEventListener("abort", resolve, { once: true });
    });
  }

  /** @returns {UploadResult} */
  #cancel() {
    if (this.#key !== undefined) removeUnfinished(this.#key);
    // The response does not matter: if the request is lost, the upload expires on the server.
    if (this.#upload !== undefined) void deleteUpload(this.#upload.url);
    return { cancelled: true };
  }
}
