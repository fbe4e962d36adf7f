// The folder the page shows and the URLs of files and folders: each segment percent-encoded once.
// @ts-check

const FILES = "/files/";

/**
 * One segment, safe in a URL and inside quotes of a shell. A lone surrogate (a name that is not Unicode) becomes U+FFFD,
 * because `encodeURIComponent` would throw.
 * @param {string} segment
 */
function encodeSegment(segment) {
  return encodeURIComponent(segment.toWellFormed()).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** @param {string} segment */
function decodeSegment(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** @param {string} path path below the root, without a leading slash */
export function fileUrl(path) {
  return FILES + path.split("/").map(encodeSegment).join("/");
}

/** The page of a folder; the root's is `/`. @param {string} folder path below the root, "" for the root */
export function folderUrl(folder) {
  return folder === "" ? "/" : `${fileUrl(folder)}/`;
}

/** Where uploads into a folder go: unlike its page, the root's is `/files/`. @param {string} folder */
export function uploadUrl(folder) {
  return folder === "" ? FILES : `${fileUrl(folder)}/`;
}

/** The folder a page URL shows. @param {string} pathname of `location` */
export function folderOf(pathname) {
  if (!pathname.startsWith(FILES)) return "";
  return pathname.slice(FILES.length).split("/").filter(Boolean).map(decodeSegment).join("/");
}

/** @param {string} folder @param {string} path relative to it */
export function join(folder, path) {
  return folder === "" ? path : `${folder}/${path}`;
}

/** The last segment. @param {string} path */
export function nameOf(path) {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The folder something is in. @param {string} path */
export function parentOf(path) {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** Is `path` a file directly in `folder`, or below it? @param {string} path @param {string} folder */
export function isBelow(path, folder) {
  return folder === "" || path.startsWith(`${folder}/`);
}
