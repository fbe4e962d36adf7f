// Decodes and validates the paths that clients send. All other code trusts a FilePath or FolderPath.

import { Type } from "@sinclair/typebox";
import { type ErrorEntry, ErrorList, Problem } from "./errors.ts";

declare const checked: unique symbol;

/** A checked path of a file below the root: one to 64 segments joined by `/`, NFC, no slash at either end. */
export type FilePath = string & { readonly [checked]: "file" };

/** A checked path of a folder below the root; `""` is the root itself. */
export type FolderPath = string & { readonly [checked]: "folder" };

/** Longest path, in bytes of UTF-8. */
export const MAX_PATH_BYTES = 4096;
/** Longest segment, in bytes of UTF-8: the limit of Linux file systems. */
export const MAX_SEGMENT_BYTES = 255;
/** Most segments of a path. */
export const MAX_SEGMENTS = 64;
/** The folder that Sluice keeps in its root. Reserved at every depth: below may be the root of an earlier server. */
export const RESERVED = ".sluice";

/** The root as a folder. */
export const ROOT: FolderPath = "" as FolderPath;

// Most errors collected for one path; `--max-errors` (at most 100) limits the list again in the response.
const MAX_LISTED = 100;
// A text with more UTF-16 units for each byte of a limit is longer than the limit in every form. It is not normalized, which
// takes time quadratic in the number of marks on a letter: 65,000 marks take 24 seconds.
const UNITS_PER_BYTE = 2;
const DEVICES = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)$/i;
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/;
const bytesOf = (text: string): number => Buffer.byteLength(text, "utf8");

/** Yields the code and explanation of every rule that a segment breaks. */
function* brokenRules(segment: string): Generator<[code: string, detail: string]> {
  if (segment === "") yield ["empty_segment", "A segment is empty: remove the extra slash."];
  if (segment === ".") yield ["dot_segment", "A segment must not be `.`."];
  else if (segment === "..") yield ["parent_segment", "A segment must not be `..`."];
  else if (/[. ]$/.test(segment))
    yield ["trailing_dot_or_space", "A segment must not end in a dot or a space."];
  if (CONTROLS.test(segment)) yield ["control_character", "A segment must not contain control characters."];
  if (segment.includes("\\"))
    yield ["backslash", "A segment must not contain a backslash: separate folders by `/`."];
  if (bytesOf(segment) > MAX_SEGMENT_BYTES)
    yield ["segment_too_long", `A segment must not be longer than ${MAX_SEGMENT_BYTES} bytes of UTF-8.`];
  const stem = segment.split(".", 1)[0] ?? "";
  if (DEVICES.test(stem.trimEnd())) yield ["device_name", "A segment must not be a Windows device name."];
  // Both cases, because file systems that ignore case fold some letters in one direction only (ſ is an S).
  if (segment.toLowerCase() === RESERVED || segment.toUpperCase() === RESERVED.toUpperCase())
    yield ["reserved_name", `\`${RESERVED}\` is reserved for the server.`];
}

function check(decoded: string, pointer: string, folder: boolean): string {
  // Almost every path is valid, so the list is created with the first error.
  const broken: { errors?: ErrorList } = {};
  const add = (entry: ErrorEntry): void => {
    broken.errors ??= new ErrorList(MAX_LISTED);
    broken.errors.add(entry);
  };
  // With a limit, because the rest of a path that is too long in every form tells nothing more.
  const parts = (folder ? decoded.replace(/\/$/, "") : decoded).split("/", MAX_PATH_BYTES + 1);
  const tooLong = decoded.length > UNITS_PER_BYTE * MAX_PATH_BYTES;
  const segments = folder && decoded === "" ? [] : tooLong ? parts : parts.map(normalized);
  const path = segments.join("/");
  if (!decoded.isWellFormed())
    add({ code: "invalid_encoding", pointer, detail: "The path is not valid Unicode." });
  if (tooLong || bytesOf(path) > MAX_PATH_BYTES)
    add({
      code: "path_too_long",
      pointer,
      detail: `A path must not be longer than ${MAX_PATH_BYTES} bytes of UTF-8.`,
    });
  if (segments.length > MAX_SEGMENTS)
    add({
      code: "too_many_segments",
      pointer,
      detail: `A path must not have more than ${MAX_SEGMENTS} segments.`,
    });
  segments.forEach((segment, index) => {
    for (const [code, detail] of brokenRules(segment)) add({ code, pointer: `${pointer}/${index}`, detail });
  });
  if (broken.errors) throw invalidPath(broken.errors.entries, broken.errors.omitted);
  return path;
}

/** The NFC form of a segment; a segment that is too long in every form stays as it is. */
function normalized(segment: string): string {
  return segment.length > UNITS_PER_BYTE * MAX_SEGMENT_BYTES ? segment : segment.normalize("NFC");
}

function invalidPath(errors: readonly ErrorEntry[], errorsOmitted: number): Problem {
  const detail =
    errors.length === 1 ? (errors[0]?.detail ?? "") : "The path breaks several rules; `errors` lists them.";
  return new Problem("invalid_path", detail, { errors, errorsOmitted });
}

function decode(encoded: string, pointer: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch (cause) {
    const detail = "The path is not valid percent-encoded UTF-8: encode each byte of it once.";
    throw new Problem("invalid_path", detail, {
      errors: [{ code: "invalid_encoding", pointer, detail }],
      cause,
    });
  }
}

/**
 * Validates text that is already decoded: a `?name=`, a form's file name, a JSON value.
 * @param pointer the JSON pointer for errors; the index of the segment is appended
 * @throws Problem invalid_path with every rule the path breaks
 */
export function checkFilePath(decoded: string, pointer = "/path"): FilePath {
  return check(decoded, pointer, false) as FilePath;
}

/** Like {@link checkFilePath}, for a folder: a trailing slash is allowed, and `""` is the root. */
export function checkFolderPath(decoded: string, pointer = "/folder"): FolderPath {
  return check(decoded, pointer, true) as FolderPath;
}

/** Decodes the path of an entry, percent-encoded as it was sent. @throws Problem invalid_path */
export function decodePath(encoded: string, pointer = "/path"): FolderPath {
  return checkFolderPath(decode(encoded, pointer), pointer);
}

// `Unsafe` tells the type checker the type that each schema decodes to.

/** The rest of a URL after `/files/`, percent-encoded as it was sent, as the path of a file. */
export const FilePathParam = Type.Unsafe<FilePath>(
  Type.Transform(Type.String({ description: "Path of a file below the root" }))
    .Decode((encoded) => checkFilePath(decode(encoded, "/path"), "/path"))
    .Encode((path) => encodePath(path)),
);

/** The rest of a URL after `/files/`, percent-encoded as it was sent, as the path of a folder. */
export const FolderPathParam = Type.Unsafe<FolderPath>(
  Type.Transform(Type.String({ description: "Path of a folder below the root" }))
    .Decode((encoded) => decodePath(encoded, "/folder"))
    .Encode((path) => encodePath(path)),
);

/** The rest of a URL after `/files/`, percent-encoded as it was sent, as the path of a file or folder. */
export const EntryPathParam = Type.Unsafe<FolderPath>(
  Type.Transform(Type.String({ description: "Path of a file or folder below the root" }))
    .Decode((encoded) => decodePath(encoded))
    .Encode((path) => encodePath(path)),
);

/** The value of a query parameter or a JSON member (decoded already) as the path of a folder. */
export const FolderPathValue = Type.Unsafe<FolderPath>(
  Type.Transform(Type.String({ description: "Path of a folder below the root" }))
    .Decode((decoded) => checkFolderPath(decoded, "/folder"))
    .Encode((path) => path),
);

/** The value of a query parameter or a JSON member (decoded already) as the path of a file. */
export const FilePathValue = Type.Unsafe<FilePath>(
  Type.Transform(Type.String({ description: "Path of a file below the root" }))
    .Decode((decoded) => checkFilePath(decoded, "/path"))
    .Encode((path) => path),
);

/** Whether a path is a folder or below it, segment by segment: `ab` is not within `a`. */
export function isWithin(path: string, folder: string): boolean {
  return folder === ROOT || path === folder || path.startsWith(`${folder}/`);
}

/** Validates a path relative to a folder: the `filename` of a form's part may contain folders. */
export function below(folder: FolderPath, relative: string, pointer = "/path"): FilePath {
  const path = check(relative, pointer, false);
  return checkFilePath(folder === "" ? path : `${folder}/${path}`, pointer);
}

// Fast path for names that cannot break a rule: printable ASCII, no backslash, no trailing dot, no device-name prefix.
const PLAIN_SEGMENT = /^(?!aux|com|con|lpt|nul|prn|\.sluice)[ -[\]-~]{0,200}[!-\-/-[\]-~]$/i;

/**
 * Returns a function that tells the name under which clients see an entry of this folder on the disk: its NFC form, or
 * `null` when the path would break a rule. It does not report the rule, because it runs for millions of names.
 */
export function nameChecker(folder: FolderPath): (name: string) => string | null {
  const left =
    segmentsOf(folder).length >= MAX_SEGMENTS
      ? -1
      : MAX_PATH_BYTES - (folder === "" ? 0 : bytesOf(folder) + 1);
  return (name) => {
    const plain = PLAIN_SEGMENT.test(name);
    const segment = plain ? name : name.normalize("NFC");
    if ((plain ? name.length : bytesOf(segment)) > left) return null;
    if (plain) return name;
    if (!name.isWellFormed() || segment.includes("/")) return null;
    return brokenRules(segment).next().done ? segment : null;
  };
}

/** The path of the entry with this name in a folder; `null` when clients cannot address it: see {@link nameChecker}. */
export function childOf(folder: FolderPath, name: string): FilePath | null {
  const segment = nameChecker(folder)(name);
  return segment === null ? null : ((folder === "" ? segment : `${folder}/${segment}`) as FilePath);
}

/** Replaces the last segment of a path and validates the result. */
export function renamed(path: FilePath, name: string): FilePath {
  const slash = path.lastIndexOf("/");
  return checkFilePath(path.slice(0, slash + 1) + name);
}

/** How far the paths below a folder reach, without the path of the folder itself. */
export interface Reach {
  /** Most segments of a path. */
  segments: number;
  /** Most bytes of a path, with the slash before it. */
  bytes: number;
}

/**
 * Checks that everything in a folder can be addressed when the folder has this path.
 * @param maxBytes of a path; a disk may take fewer than the rules allow
 * @throws Problem invalid_path
 */
export function checkReach(path: FilePath, reach: Reach, maxBytes = MAX_PATH_BYTES): void {
  const tooDeep = segmentsOf(path).length + reach.segments > MAX_SEGMENTS;
  if (!tooDeep && bytesOf(path) + reach.bytes <= maxBytes) return;
  const detail = tooDeep
    ? `The folder is too deep for this place: a path in it would have more than ${MAX_SEGMENTS} segments.`
    : `The names in the folder are too long for this place: a path in it would be longer than ${maxBytes} bytes of UTF-8.`;
  const code = tooDeep ? "too_many_segments" : "path_too_long";
  throw invalidPath([{ code, pointer: "/to", detail }], 0);
}

/** The last segment; `""` for the root. */
export function nameOf(path: FilePath | FolderPath): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The segments of a path, none for the root. */
export function segmentsOf(path: FilePath | FolderPath): string[] {
  return path === "" ? [] : path.split("/");
}

/** The folder a file is in. */
export function folderOf(path: FilePath): FolderPath {
  return parentOf(path) as FolderPath;
}

/** A path without its last segment, also of a path that is not checked; `""` for the root and for a path of one segment. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** Percent-encodes each segment of a path for use in a URL. */
export function encodePath(path: FilePath | FolderPath): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/**
 * The URL of a file or folder; a folder's ends with a slash.
 * @param root the URL of the root folder, with its slash
 */
export function urlOf(
  path: FilePath | FolderPath,
  kind: "file" | "folder" = "file",
  root = "/files/",
): string {
  return `${root}${encodePath(path)}${kind === "folder" && path !== "" ? "/" : ""}`;
}
