// Uploads that were begun and are not finished, remembered by this browser, so that the same file goes on after the page was closed.
// @ts-check

/** @typedef {{ key: string, url: string, id: string, path: string, size: number }} Unfinished */

const STORED = "sluice.unfinished";
/** More than that are not remembered: the oldest are forgotten. */
const MOST = 200;

/** The same file for the same place. @param {string} path @param {File} file */
export function keyOf(path, { size, lastModified }) {
  return `${path} ${size} ${lastModified}`;
}

/** From the oldest to the newest. @returns {Unfinished[]} */
export function unfinished() {
  try {
    const list = JSON.parse(localStorage.getItem(STORED) ?? "[]");
    return Array.isArray(list) ? list.filter(isUnfinished) : [];
  } catch {
    return [];
  }
}

/** @param {Unfinished} upload */
export function remember(upload) {
  store([...unfinished().filter(({ key }) => key !== upload.key), upload].slice(-MOST));
}

/** @param {string} forgotten its key */
export function forget(forgotten) {
  const list = unfinished();
  if (list.some(({ key }) => key === forgotten)) store(list.filter(({ key }) => key !== forgotten));
}

/** @param {Unfinished[]} list */
function store(list) {
  try {
    localStorage.setItem(STORED, JSON.stringify(list));
  } catch {
    // Storage may be forbidden or full; then uploads only go on as long as the page is open.
  }
}

/** Other programs of this origin may have written anything. @param {unknown} value @returns {value is Unfinished} */
function isUnfinished(value) {
  if (typeof value !== "object" || value === null) return false;
  const { key, url, id, path, size } = /** @type {Record<string, unknown>} */ (value);
  return (
    typeof key === "string" &&
    typeof url === "string" &&
    /^\/uploads\/[\w-]+$/.test(url) &&
    typeof id === "string" &&
    /^[\w-]{8,64}$/.test(id) &&
    typeof path === "string" &&
    typeof size === "number"
  );
}
