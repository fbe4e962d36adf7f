// Numbered names, such as `a (1).jpg`, for entries whose requested name is taken.

import { type FilePath, MAX_SEGMENT_BYTES, nameOf, renamed } from "../../path.ts";
import type { Storage } from "../../storage/storage.ts";
import { nameTaken } from "./refusals.ts";

/** The highest number tried; more files of one name are surely a mistake. */
const MAX_NUMBER = 1_000_000;
/** Numbers tried after another upload claimed the first one in between; each lost race means that another upload succeeded. */
const MAX_RACES = 10_000;
/** Bytes. A longer extension counts as part of the stem, so that the stem can be cut to make the number fit. */
const MAX_EXTENSION = 64;
// The extension of archive.tar.gz is .tar.gz.
const COMPOUND_EXTENSION = /\.tar(?:\.[a-z0-9]{1,4})$/i;

/** Inserts a number: `a.jpg` becomes `a (1).jpg`. A long stem is cut between characters to stay within 255 bytes. Folders have no extension. */
export function numbered(path: FilePath, number: number, kind: "file" | "folder" = "file"): FilePath {
  const name = nameOf(path);
  const dot = COMPOUND_EXTENSION.exec(name)?.index ?? name.lastIndexOf(".");
  // A leading dot marks a hidden file, not an extension.
  const hasExtension = kind === "file" && dot > 0;
  const stemEnd = hasExtension && Buffer.byteLength(name.slice(dot)) <= MAX_EXTENSION ? dot : name.length;
  const suffix = ` (${number})${name.slice(stemEnd)}`;
  let stem = name.slice(0, stemEnd);
  while (Buffer.byteLength(stem + suffix) > MAX_SEGMENT_BYTES && stem !== "")
    stem = [...stem].slice(0, -1).join("");
  return renamed(path, stem.trimEnd() + suffix);
}

/**
 * Finds the next free number: tries 1, 2, 4, 8 … and then bisects, so that a thousand files of one name cost twenty
 * lookups instead of a thousand. The result is only a hint, because another upload may claim the name in between.
 * @param isTaken looks up whether a name exists
 */
export async function nextNumber(
  path: FilePath,
  isTaken: (name: FilePath) => Promise<boolean>,
  kind?: "file" | "folder",
): Promise<number> {
  let low = 0;
  let high = 1;
  while (high < MAX_NUMBER && (await isTaken(numbered(path, high, kind)))) {
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await isTaken(numbered(path, middle, kind))) low = middle;
    else high = middle;
  }
  return high;
}

/**
 * Claims the next free number of a name. The caller must hold the numbering lock of the path; without it, concurrent
 * uploads would race for the same number.
 * @param claim returns `null` when the name was taken in between
 * @throws Problem name_taken when every race was lost
 */
export async function claimNumbered<T>(
  storage: Storage,
  path: FilePath,
  claim: (name: FilePath) => Promise<T | null>,
  kind?: "file" | "folder",
): Promise<T> {
  const from = await nextNumber(path, async (name) => (await storage.find(name)) !== null, kind);
  for (let number = from; number < from + MAX_RACES; number += 1) {
    const claimed = await claim(numbered(path, number, kind));
    if (claimed !== null) return claimed;
  }
  throw nameTaken();
}
