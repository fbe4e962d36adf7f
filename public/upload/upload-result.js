// Reads the result of an upload from the last response of the server.
// @ts-check
import { parseJson, problemFrom, unexpectedResponse } from "../server/problem.js";

/** @import { Problem } from "../server/problem.js" */

/**
 * The server's description of a saved file.
 * @typedef {object} SavedFile
 * @property {string} path
 * @property {string} name
 * @property {number} size
 * @property {string} url
 * @property {string} [renamedFrom] the requested name, if it was taken
 * @property {{ seconds: number, bytesPerSecond: number, explanation: string }} [flow]
 */

/** @typedef {{ saved: SavedFile } | { problem: Problem } | { cancelled: true }} UploadResult */

/** @param {number} status @param {string} body @returns {UploadResult} */
export function resultFrom(status, body) {
  if (status !== 200 && status !== 201) return { problem: problemFrom(status, body) };
  const json = parseJson(body);
  // A drop tells neither the path nor the URL, but has a receipt.
  const isDropped = typeof json?.["name"] === "string" && typeof json["receipt"] === "string";
  if (!isDropped && (typeof json?.["path"] !== "string" || typeof json["url"] !== "string"))
    return { problem: unexpectedResponse() };
  return { saved: /** @type {SavedFile} */ (/** @type {unknown} */ (json)) };
}
