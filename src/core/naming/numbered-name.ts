// Available names: what a file is called when the name it asked for is taken.

import { type FilePath, MAX_SEGMENT_BYTES, nameOf, renamed } from "../../path.ts";
import type { Storage } from "../../storage/storage.ts";
import { nameTaken } from "./refusals.ts";

/** More than this many files of one name is a mistake, not a wish. */
const MOST = 1_000_000;
// Others that finish at the same moment can take a name before us this often; each time one of them got ahead.
const MOST_RACES = 10_000;
/** Bytes; a longer one is a part of the name, so that there is room for the number. */
const LONGEST_EXTENSION = 64;
// The part before these belongs to the extension: archive.tar.gz is an archive of type .tar.gz.
const DOUBLE = /\.tar(?:\.[a-z0-9]{1,4})$/i;

/** `a.jpg` and 1 make `a (1).jpg`; a stem too long for the number is cut, never in the middle of a character. A folder has no extension. */
export function numbered(path: FilePath, number: number, kind: "file" | "folder" = "file"): FilePath {
  const name = nameOf(path);
  const dot = DOUBLE.exec(name)?.index ?? name.lastIndexOf(".");
  // A dot at the front starts a hidden file's name, not an extension.
  const hasExtension = kind === "file" && dot > 0;
  const at = hasExtension && Buffer.byteLength(name.slice(dot)) <= LONGEST_EXTENSION ? dot : name.length;
  const ending = ` (${number})${name.slice(at)}`;
  let stem = name.slice(0, at);
  while (Buffer.byteLength(stem + ending) > MAX_SEGMENT_BYTES && stem !== "")
    stem = [...stem].slice(0, -1).join("");
  return renamed(path, stem.trimEnd() + ending);
}

/**
 * The next number that is free: looks at 1, 2, 4, 8 … and then between, so that a thousand files of one name cost
 * twenty looks and not a thousand. Only a guess for whoever takes the name: it may be gone by then.
 * @param taken says whether a name is taken
 */
export async function nextNumber(
  path: FilePath,
  taken: (name: FilePath) => Promise<boolean>,
  kind?: "file" | "folder",
): Promise<number> {
  let low = 0;
  let high = 1;
  while (high < MOST && (await taken(numbered(path, high, kind)))) {
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
 * Takes the next number of a name that is free. Whoever looks for one of the same name waits meanwhile: hundreds of
 * them would race for it.
 * @param take answers `null` when somebody was faster
 * @throws Problem name_taken when everybody always was
 */
export async function claimNumbered<T>(
  storage: Storage,
  path: FilePath,
  take: (name: FilePath) => Promise<T | null>,
  kind?: "file" | "folder",
): Promise<T> {
  const from = await nextNumber(path, async (name) => (await storage.find(name)) !== null, kind);
  for (let number = from; number < from + MOST_RACES; number += 1) {
    const taken = await take(numbered(path, number, kind));
    if (taken !== null) return taken;
  }
  throw nameTaken();
}
