// One request with a body, followed while it leaves the browser. fetch() cannot tell how much of a body has been sent.
// @ts-check

/**
 * What came back: an answer, or why there is none.
 * @typedef {{ status: number, body: string, header: (name: string) => string | null }} Answer
 */

/**
 * Never rejects.
 * @param {object} request
 * @param {string} request.method
 * @param {string} request.url
 * @param {Record<string, string>} request.headers
 * @param {Blob | null} request.body
 * @param {AbortSignal} request.signal
 * @param {(bytes: number) => void} [request.onSent] bytes of the body that this browser has handed to the network
 * @param {() => void} [request.onAllSent] the last byte left; the server still works
 * @returns {Promise<Answer | "cancelled" | "cut">}
 */
export function transmit({ method, url, headers, body, signal, onSent, onAllSent }) {
  const request = new XMLHttpRequest();
  return new Promise((resolve) => {
    if (signal.aborted) return resolve("cancelled");
    const abort = () => request.abort();
    const end = (/** @type {Answer | "cancelled" | "cut"} */ outcome) => {
      signal.removeEventListener("abort", abort);
      resolve(outcome);
    };
    if (onSent !== undefined) request.upload.onprogress = (event) => onSent(event.loaded);
    if (onAllSent !== undefined) request.upload.onload = onAllSent;
    request.onload = () =>
      end({
        status: request.status,
        body: request.responseText,
        header: (name) => request.getResponseHeader(name),
      });
    request.onabort = () => end("cancelled");
    request.onerror = () => end("cut");
    signal.addEventListener("abort", abort);
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.send(body);
  });
}

/** A request fails the same way whether the network broke or the file is gone: reading one byte tells which. @param {File} file */
export async function readable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

/** An id for one upload. `crypto.randomUUID` is absent on plain-http origins; `getRandomValues` is not. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
