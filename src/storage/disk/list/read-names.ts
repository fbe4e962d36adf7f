// The names in an open folder that clients can know.

import type { Dirent } from "node:fs";
import { nameIn } from "../../../path.ts";
import { isPlain } from "../../natural-order.ts";
import { folderNotFound } from "../../problems.ts";
import type { OpenFolder } from "../at/lookup.ts";
import type { Calls } from "../os/calls.ts";
import { errnoOf } from "../os/errno.ts";
import { TimeSlice } from "./merge-sort.ts";
import { PackedNames } from "./packed-names.ts";

/** What a name stands for as far as the folder says it: a link, and what some file systems do not tell, is to be looked at. */
export const UNKNOWN_KIND = 0;
export const FILE = 1;
export const FOLDER = 2;

/**
 * Reads the names. One that no client could ask for (a backslash, a device name, broken UTF-8, a second Unicode form of
 * a name) is left out.
 * @param kinds whether to ask the folder also what they stand for, which takes twice the memory meanwhile
 * @throws Problem not_found when the folder was removed
 */
export async function readNames(
  calls: Calls,
  opened: OpenFolder,
  kinds: boolean,
): Promise<{ names: PackedNames; kinds: Uint8Array }> {
  const { folder, dir } = opened;
  const found = await (kinds ? calls.readdir(dir.path) : calls.names(dir.path)).catch(notFoundIfGone);
  const kindOfName = new Uint8Array(kinds ? found.length : 0);
  const names: string[] = [];
  const aliases = new Map<string, string>();
  // Where names are that can have several forms.
  const indexes = new Map<string, number>();
  const slice = new TimeSlice();
  for (const entry of found) {
    if (slice.over) await slice.next();
    const onDisk = typeof entry === "string" ? entry : entry.name;
    const name = nameIn(folder, onDisk);
    if (name === null) continue;
    const index = indexes.get(name) ?? names.length;
    // Of two forms of one name it is the NFC form that is listed.
    if (index < names.length && onDisk !== name) continue;
    if (onDisk !== name) aliases.set(name, onDisk);
    else if (index < names.length) aliases.delete(name);
    if (!isPlain(name)) indexes.set(name, index);
    names[index] = name;
    if (typeof entry !== "string") kindOfName[index] = kindOf(entry);
  }
  return { names: new PackedNames(names, aliases), kinds: kindOfName };
}

/** A folder that was removed while it is open cannot be read any more. */
function notFoundIfGone(error: unknown): never {
  if (errnoOf(error) === "ENOENT") throw folderNotFound(error);
  throw error;
}

function kindOf(entry: Dirent): number {
  if (entry.isDirectory()) return FOLDER;
  return entry.isFile() ? FILE : UNKNOWN_KIND;
}
