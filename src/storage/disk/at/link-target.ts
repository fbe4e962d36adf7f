// Tells where links of the root have led: the path by which clients would reach an entry without them.

import { Problem } from "../../../errors.ts";
import { checkFolderPath, type FilePath, type FolderPath, parentOf } from "../../../path.ts";
import type { Entry } from "../../entry.ts";

/**
 * The path of an entry without links.
 * @param root the real path of the root
 * @param path by which the entry was found
 * @param real its real path, inside the root
 * @returns undefined if it was found by that path; for one that no client can name, that of the nearest folder above it
 */
export function linkTarget(root: string, path: FilePath | FolderPath, real: string): FolderPath | undefined {
  const inside = real === root ? "" : real.slice(root === "/" ? 1 : root.length + 1);
  if (inside === path) return undefined;
  const target = inside.normalize("NFC");
  return target === path ? undefined : nearestNameable(target);
}

/** Adds `target` to an entry that links have led to. */
export function withTarget<E extends Entry>(
  root: string,
  path: FilePath | FolderPath,
  real: string,
  entry: E | null,
): E | null {
  const target = entry ? linkTarget(root, path, real) : undefined;
  if (entry && target !== undefined) entry.target = target;
  return entry;
}

function nearestNameable(path: string): FolderPath {
  for (let at = path; ; at = parentOf(at)) {
    try {
      return checkFolderPath(at);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    }
  }
}
