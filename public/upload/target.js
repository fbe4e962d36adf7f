// Places for uploads: the files of this server, or a drop, where a visitor only sends files.
// @ts-check
import { serverUrl } from "../server/base.js";
import { fileUrl } from "../server/path.js";

/**
 * @typedef {object} UploadTarget
 * @property {((path: string) => string) | undefined} putUrl for small files in one request; undefined when every upload must
 *   survive a lost connection
 * @property {(path: string) => string} createUrl creates a resumable upload
 * @property {(path: string) => Record<string, string>} createHeaders
 * @property {string} keyPrefix of the keys by which unfinished uploads are remembered
 * @property {boolean} hasFeed whether the server tells the progress of running uploads; otherwise uploads are sent in chunks,
 *   and each confirmed chunk is progress
 */

/** The files of this server. @type {UploadTarget} */
export const FILES = {
  putUrl: (path) => `${fileUrl(path)}?conflict=rename`,
  createUrl: (path) => serverUrl(`/uploads?${new URLSearchParams({ path, conflict: "rename" })}`),
  createHeaders: () => ({}),
  keyPrefix: "",
  hasFeed: true,
};

/** No path begins with a slash, so these keys are not those of `FILES`. */
const DROP_KEY = "/";

/** A drop. @param {string} token of its link @returns {UploadTarget} */
export function dropTarget(token) {
  return {
    putUrl: undefined,
    createUrl: () => serverUrl(`/s/${token}/uploads`),
    createHeaders: (path) => ({ "Upload-Metadata": `relativePath ${toBase64(path.toWellFormed())}` }),
    // A part of the token is enough to tell drops apart, and opens none.
    keyPrefix: `${DROP_KEY}${token.slice(0, 8)}/`,
    hasFeed: false,
  };
}

/** Whether an unfinished upload goes to a drop. @param {{ key: string }} upload */
export function isDropped({ key }) {
  return key.startsWith(DROP_KEY);
}

/** @param {string} text */
function toBase64(text) {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));
}
