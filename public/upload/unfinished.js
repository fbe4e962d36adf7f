// Unfinished uploads, remembered in this browser so that an upload can be resumed after the page was closed.
// @ts-check
import { serverPath } from "../server/base.js";

/** @typedef {{ key: string, url: string, id: string, path: string, size: number }} UnfinishedUpload */

const STORAGE_KEY = "sluice.unfinished";
/** At most this many uploads are remembered; the oldest ones are dropped. */
const MAX_UPLOADS = 200;

/** Identifies the upload of a file to a path. @param {string} path @param {File} file */
export function uploadKey(path, { size, lastModified }) {
  return `${path} ${size} ${lastModified}`;
}

/** All unfinished uploads, the oldest first. @returns {UnfinishedUpload[]} */
export function loadUnfinished() {
  try {
    const list = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "[]");
    return Array.isArray(list) ? list.filter(isUnfinishedUpload) : [];
  } catch {
    return [];
  }
}

/** @param {UnfinishedUpload} upload */
export function addUnfinished(upload) {
  store([...loadUnfinished().filter(({ key }) => key !== upload.key), upload].slice(-MAX_UPLOADS));
}

/** @param {string} removed the key of the upload */
export function removeUnfinished(removed) {
  const list = loadUnfinished();
  if (list.some(({ key }) => key === removed)) store(list.filter(({ key }) => key !== removed));
}

/** @param {UnfinishedUpload[]} list */
function store(list) {
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(list));
  } catch {
    // Storage may be blocked or full; uploads can then be resumed only while the page stays open.
  }
}

/**
 * Validates stored data, which other programs on this origin may have written.
 * @param {unknown} value
 * @returns {value is UnfinishedUpload}
 */
function isUnfinishedUpload(value) {
  if (typeof value !== "object" || value === null) return false;
  const { key, url, id, path, size } = /** @type {Record<string, unknown>} */ (value);
  return (
    typeof key === "string" &&
    typeof url === "string" &&
    /^\/uploads\/[\w-]+$/.test(serverPath(url)) &&
    typeof id === "string" &&
    /^[\w-]{8,64}$/.test(id) &&
    typeof path === "string" &&
    typeof size === "number"
  );
}
