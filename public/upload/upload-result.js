// What became of an upload, read from the server's last answer.
// @ts-check
import { parse, problemOf, strangerProblem } from "../server/problem.js";

/** @import { Problem } from "../server/problem.js" */

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

/** @param {number} status @param {string} body @returns {Outcome} */
export function outcomeOf(status, body) {
  if (status !== 200 && status !== 201) return { problem: problemOf(status, body) };
  const answer = parse(body);
  if (typeof answer?.["path"] !== "string" || typeof answer["url"] !== "string")
    return { problem: strangerProblem() };
  return { saved: /** @type {Saved} */ (/** @type {unknown} */ (answer)) };
}
