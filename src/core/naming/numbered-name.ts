// Numbered names, such as `a (1).jpg`, for entries whose requested name is taken.

import { type FilePath, MAX_SEGMENT_BYTES, nameOf, renamed } from "../../path.ts";
import type { Storage } from "../../storage/storage.ts";
import { nameTaken } from "./refusals.ts";

/** Numbers to try, at most; more files of one name are surely a mistake. */
const MAX_NUMBER = 1_000_000;
// How often concurrent uploads may take the chosen name first; each lost race means that one of them succeeded.
const MAX_RACES = 10_000;
/** Bytes; a longer extension counts as part of the stem, so that the number fits. */
const MAX_EXTENSION = 64;
// archive.tar.gz has the extension .tar.gz.
const DOUBLE_EXTENSION = /\.tar(?:\.[a-z0-9]{1,4})$/i;

/** `a.jpg` and 1 make `a (1).jpg`; a stem too long for the number is cut, never in the middle of a character. A folder has no extension. */
export function numbered(path: FilePath, number: number, kind: "file" | "folder" = "file"): FilePath {
  const name = nameOf(path);
  const dot = DOUBLE_EXTENSION.exec(name)?.index ?? name.lastIndexOf(".");
  // A dot at the front starts a hidden file's name, not an extension.
  const hasExtension = kind === "file" && dot > 0;
  const at = hasExtension && Buffer.byteLength(name.slice(dot)) <= MAX_EXTENSION ? dot : name.length;
  const ending = ` (${number})${name.slice(at)}`;
  let stem = name.slice(0, at);
  while (Buffer.byteLength(stem + ending) > MAX_SEGMENT_BYTES && stem !== "")
    stem = [...stem].slice(0, -1).join("");
  return renamed(path, stem.trimEnd() + ending);
}

/**
 * Finds the next free number: tries 1, 2, 4, 8 … and then bisects, so that a thousand files of one name cost twenty
 * lookups instead of a thousand. The result is only a hint: another upload may take the name first.
 * @param taken tells whether a name is taken
 */
export async function nextNumber(
  path: FilePath,
  taken: (name: FilePath) => Promise<boolean>,
  kind?: "file" | "folder",
): Promise<number> {
  let low = 0;
  let high = 1;
  while (high < MAX_NUMBER && (await taken(numbered(path, high, kind)))) {
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await taken(numbered(path, middle, kind))) low = middle;
    else high = middle;
  }
  return high;
}

/**
 * Claims the next free number of a name. The caller holds the numbering lock of the path, because hundreds of concurrent
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
