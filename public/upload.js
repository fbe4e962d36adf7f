// One file on its way to the server: one request, and what became of it.
// @ts-check
import { fileProblem, networkProblem, parse, problemOf, strangerProblem } from "./problem.js";

/** @import { Problem } from "./problem.js" */

/**
 * The server's answer for a saved file.
 * @typedef {object} Saved
 * @property {string} path
 * @property {string} name
 * @property {number} size
 * @property {string} url
 * @property {string} [renamedFrom] the name that was asked for and was taken
 * @property {{ seconds: number, bytesPerSecond: number, explanation: string }} [flow]
 */

/** @typedef {{ saved: Saved } | { problem: Problem } | { cancelled: true }} Outcome */

/**
 * Send one file with PUT. The returned promise never rejects.
 * @param {object} options
 * @param {string} options.url
 * @param {File} options.file
 * @param {string} options.id the `X-Request-Id`, under which `GET /api/uploads/{id}` shows this upload
 * @param {AbortSignal} options.signal
 * @param {(bytes: number) => void} options.onSent bytes this browser has handed to the network so far
 * @param {() => void} options.onAllSent the last byte left; the server still works
 * @returns {Promise<Outcome>}
 */
export function send({ url, file, id, signal, onSent, onAllSent }) {
  // fetch() cannot tell how much of a body has been sent; XMLHttpRequest can.
  const request = new XMLHttpRequest();
  return new Promise((resolve) => {
    request.upload.onprogress = (event) => onSent(event.loaded);
    request.upload.onload = onAllSent;
    request.onload = () => resolve(outcomeOf(request.status, request.responseText));
    request.onabort = () => resolve({ cancelled: true });
    request.onerror = () =>
      readable(file).then((ok) => resolve({ problem: ok ? networkProblem() : fileProblem() }));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.open("PUT", url);
    request.setRequestHeader("Accept", "application/json, application/problem+json");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-Request-Id", id);
    request.send(file);
  });
}

/** An id for one attempt. `crypto.randomUUID` is absent on plain-http origins; `getRandomValues` is not. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {number} status @param {string} body @returns {Outcome} */
function outcomeOf(status, body) {
  if (status !== 200 && status !== 201) return { problem: problemOf(status, body) };
  const answer = parse(body);
  if (typeof answer?.path !== "string" || typeof answer.url !== "string")
    return { problem: strangerProblem() };
  return { saved: /** @type {Saved} */ (/** @type {unknown} */ (answer)) };
}

/** A request fails the same way whether the network broke or the file is gone: reading one byte tells which. @param {File} file */
async function readable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
