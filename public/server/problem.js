// What went wrong, in a shape the page can show: read from a problem+json answer, or made here when no answer came.
// @ts-check

/**
 * @typedef {object} Problem
 * @property {string} title a few words
 * @property {string} detail one or two sentences that say what to do
 * @property {string[]} errors one line each; the server bounds the list
 * @property {number} omitted how many more there were
 * @property {"network" | "server" | "refused" | "unreadable"} cause `network`: no answer; `server`: it would refuse every file;
 *   `refused`: it refused this one; `unreadable`: the browser cannot read the file
 */

/** Statuses that say "try again later". */
const BUSY = new Set([429, 502, 503, 504, 507]);

/**
 * @param {number} status
 * @param {string} body the text of the answer
 * @returns {Problem}
 */
export function problemOf(status, body) {
  const cause = BUSY.has(status) || status === 401 || status === 403 ? "server" : "refused";
  const given = parse(body);
  if (given === undefined) {
    return { title: `The server answered ${status}`, detail: hint(status), errors: [], omitted: 0, cause };
  }
  return {
    title: text(given.title) || `The server answered ${status}`,
    detail: text(given.detail),
    errors: Array.isArray(given.errors) ? given.errors.slice(0, 11).map(line) : [],
    omitted: Number(given.errorsOmitted) || 0,
    cause,
  };
}

/** No answer came. @returns {Problem} */
export function networkProblem() {
  const detail = navigator.onLine
    ? "The connection ended before the server answered, so this file does not count as saved. Check that the server runs, then try again."
    : "This device is offline. The file is still here: try again when the connection is back.";
  return { title: "No connection to the server", detail, errors: [], omitted: 0, cause: "network" };
}

/** The browser lost the file. @returns {Problem} */
export function fileProblem() {
  const detail =
    "It was changed, moved or deleted after you chose it, or this browser may not open it. Choose it again.";
  return { title: "The file cannot be read", detail, errors: [], omitted: 0, cause: "unreadable" };
}

/** Something that is not Sluice said 200. @returns {Problem} */
export function strangerProblem() {
  const detail =
    "The answer did not come from Sluice. A proxy or a sign-in page may stand in between; reload this page and look.";
  return { title: "Not confirmed as saved", detail, errors: [], omitted: 0, cause: "refused" };
}

/** @param {string} body @returns {Record<string, unknown> | undefined} */
export function parse(body) {
  try {
    const value = JSON.parse(body);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @param {unknown} value */
function text(value) {
  return typeof value === "string" ? value : "";
}

/** @param {unknown} error one element of `errors` */
function line(error) {
  if (typeof error !== "object" || error === null) return "";
  const { detail, code } = /** @type {Record<string, unknown>} */ (error);
  return text(detail) || text(code);
}

/** @param {number} status of an answer without a problem in it, so probably a proxy's */
function hint(status) {
  if (status === 413) return "Something in front of the server limits the size of uploads.";
  if (status === 401 || status === 403) return "You may need to sign in: reload this page.";
  if (BUSY.has(status))
    return "The server, or a proxy in front of it, cannot take this now. Try again in a moment.";
  return "There was no explanation with it.";
}
