// Finds out whether a file system takes two spellings of a name for the same entry.

import { lstatSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Whether an existing entry is also found under its name in capitals. Its name must contain a small letter. */
export function ignoresCase(path: string): boolean {
  const other = join(dirname(path), basename(path).toUpperCase());
  const [one, same] = [path, other].map((name) => lstatSync(name, { bigint: true, throwIfNoEntry: false }));
  return one !== undefined && one.ino === same?.ino && one.dev === same.dev;
}
