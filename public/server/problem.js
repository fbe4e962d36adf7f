// Problems in a form the page can show: read from a problem+json response, or created here when there is none.
// @ts-check

/**
 * @typedef {object} Problem
 * @property {string} code of the server's table of problems; "" for others
 * @property {string} title a few words
 * @property {string} detail one or two sentences that say what failed and what to do
 * @property {string[]} errors one line per error; the server limits the length of the list
 * @property {number} omitted how many errors the server left out
 * @property {"network" | "server" | "refused" | "unreadable"} cause `network`: no response; `server`: the server would
 *   refuse every request; `refused`: it refused this one; `unreadable`: the browser cannot read the file
 */

/** Statuses that ask the client to try again later. */
const BUSY = new Set([429, 502, 503, 504, 507]);

/**
 * @param {number} status
 * @param {string} body the text of the response
 * @returns {Problem}
 */
export function problemFrom(status, body) {
  const cause = BUSY.has(status) || status === 401 || status === 403 ? "server" : "refused";
  const title = `The server responded with status ${status}`;
  const json = parseJson(body);
  if (json === undefined) return { code: "", title, detail: hintFor(status), errors: [], omitted: 0, cause };
  return {
    code: asText(json.code),
    title: asText(json.title) || title,
    detail: asText(json.detail),
    errors: Array.isArray(json.errors) ? json.errors.slice(0, 11).map(errorLine) : [],
    omitted: Number(json.errorsOmitted) || 0,
    cause,
  };
}

/** No response arrived. @returns {Problem} */
export function networkProblem() {
  const detail = navigator.onLine
    ? "The connection closed before the server confirmed the upload, so the file may not be saved. Check that the server is running, then try again."
    : "This device is offline. Reconnect to the network, then try again.";
  return { code: "", title: "No connection to the server", detail, errors: [], omitted: 0, cause: "network" };
}

/** The browser cannot read the file. @returns {Problem} */
export function unreadableFile() {
  const detail =
    "The file was changed, moved or deleted after you chose it, or the browser has no permission to read it. Choose the file again.";
  return { code: "", title: "The file cannot be read", detail, errors: [], omitted: 0, cause: "unreadable" };
}

/** The status says success, but the body is not Sluice's. @returns {Problem} */
export function unexpectedResponse() {
  const detail =
    "The response did not come from Sluice, so nothing is confirmed as saved. A proxy or a sign-in page may have answered instead. Reload this page, sign in if asked, then try again.";
  return { code: "", title: "Unexpected response", detail, errors: [], omitted: 0, cause: "refused" };
}

/** Parses a JSON object. @param {string} body @returns {Record<string, unknown> | undefined} */
export function parseJson(body) {
  try {
    const value = JSON.parse(body);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @param {unknown} value */
function asText(value) {
  return typeof value === "string" ? value : "";
}

/** @param {unknown} error one element of `errors` */
function errorLine(error) {
  if (typeof error !== "object" || error === null) return "";
  const { detail, code } = /** @type {Record<string, unknown>} */ (error);
  return asText(detail) || asText(code);
}

/** Explains a response without a problem in its body, which a proxy probably sent. @param {number} status */
function hintFor(status) {
  if (status === 413)
    return "A proxy in front of the server limits the size of uploads. Ask its administrator to raise the limit.";
  if (status === 401 || status === 403) return "You may need to sign in. Reload this page, then try again.";
  if (BUSY.has(status))
    return "The server, or a proxy in front of it, cannot accept the request now. Try again in a moment.";
  return "The response gives no reason. Try again, or look for the reason in the log of the server.";
}
