// Converts between paths below the root and URLs: each path segment is percent-encoded once.
// @ts-check
import { serverPath, serverUrl } from "./base.js";

const FILES = "/files/";

/**
 * Encodes one segment so that it is safe in a URL and in a quoted shell argument. A lone surrogate (from a name that is
 * not valid Unicode) becomes U+FFFD, because `encodeURIComponent` would throw.
 * @param {string} segment
 */
function encodeSegment(segment) {
  return encodeURIComponent(segment.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
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

/** The path as a part of a URL. @param {string} path without a leading slash */
export function encodePath(path) {
  return path.split("/").map(encodeSegment).join("/");
}

/** @param {string} path path below the root, without a leading slash */
export function fileUrl(path) {
  return serverUrl(FILES + encodePath(path));
}

/** The URL of the page that shows a folder. @param {string} folder path below the root, "" for the root */
export function folderUrl(folder) {
  return folder === "" ? serverUrl("/") : `${fileUrl(folder)}/`;
}

/** The URL for uploads to a folder. Unlike the URL of its page, that of the root ends with `/files/`. @param {string} folder */
export function uploadUrl(folder) {
  return folder === "" ? serverUrl(FILES) : `${fileUrl(folder)}/`;
}

/** The folder that a page URL shows. @param {string} pathname of `location` */
export function folderOf(pathname) {
  const path = serverPath(pathname);
  if (!path.startsWith(FILES)) return "";
  return path.slice(FILES.length).split("/").filter(Boolean).map(decodeSegment).join("/");
}

/** @param {string} folder @param {string} path relative to it */
export function join(folder, path) {
  return folder === "" ? path : `${folder}/${path}`;
}

/** The last segment of a path. @param {string} path */
export function nameOf(path) {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The name of an entry as the page shows it; the root is called "Files". @param {string} path */
export function shownName(path) {
  return path === "" ? "Files" : nameOf(path);
}

/** The path of the parent folder. @param {string} path */
export function parentOf(path) {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** Whether `path` is inside `folder` or one of its subfolders. @param {string} path @param {string} folder */
export function isBelow(path, folder) {
  return folder === "" || path.startsWith(`${folder}/`);
}
