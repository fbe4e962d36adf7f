// Sends one request with XMLHttpRequest, because fetch() cannot report how much of a request body has been sent.
// @ts-check

/** @typedef {{ status: number, body: string, header: (name: string) => string | null }} XhrResponse */

/**
 * Never rejects: the promise resolves to the response, or to the reason why there is none.
 * @param {object} request
 * @param {string} request.method
 * @param {string} request.url
 * @param {Record<string, string>} request.headers
 * @param {Blob | null} request.body
 * @param {AbortSignal} request.signal
 * @param {(bytes: number) => void} [request.onSent] how many bytes of the body the browser has handed to the network
 * @param {() => void} [request.onAllSent] the last byte has been sent; the response is still to come
 * @returns {Promise<XhrResponse | "aborted" | "network-error">}
 */
export function sendRequest({ method, url, headers, body, signal, onSent, onAllSent }) {
  const request = new XMLHttpRequest();
  return new Promise((resolve) => {
    if (signal.aborted) return resolve("aborted");
    const abort = () => request.abort();
    const settle = (/** @type {XhrResponse | "aborted" | "network-error"} */ result) => {
      signal.removeEventListener("abort", abort);
      resolve(result);
    };
    if (onSent !== undefined) request.upload.onprogress = (event) => onSent(event.loaded);
    if (onAllSent !== undefined) request.upload.onload = onAllSent;
    request.onload = () =>
      settle({
        status: request.status,
        body: request.responseText,
        header: (name) => request.getResponseHeader(name),
      });
    request.onabort = () => settle("aborted");
    request.onerror = () => settle("network-error");
    signal.addEventListener("abort", abort);
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.send(body);
  });
}

/**
 * Whether the browser can still read the file. XMLHttpRequest reports a lost file and a lost connection as the same
 * error; reading one byte tells them apart.
 * @param {File} file
 */
export async function isReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

/** A random request id. Pages served over plain HTTP have `getRandomValues` but not `crypto.randomUUID`. */
export function createRequestId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
