// Reads the names in an open folder that clients can address.

import type { Dirent } from "node:fs";
import { nameIn } from "../../../path.ts";
import { TimeSlice } from "../../../system/time-slice.ts";
import { isPlain } from "../../natural-order.ts";
import { folderNotFound } from "../../problems.ts";
import type { OpenFolder } from "../at/lookup.ts";
import type { Calls } from "../os/calls.ts";
import { errnoOf } from "../os/errno.ts";
import { SLICE_MS } from "./merge-sort.ts";
import { PackedNames } from "./packed-names.ts";

/** Kinds that readdir() reports. Links, and entries of file systems that report no type, need a stat. */
export const UNKNOWN_KIND = 0;
export const FILE = 1;
export const FOLDER = 2;

/**
 * Reads the names, and skips those that no client could request (backslash, device name, broken UTF-8, second Unicode
 * form of a name).
 * @param kinds also reads the kind of each entry, which temporarily takes twice the memory
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
  // Indexes of names that can have several Unicode forms.
  const indexes = new Map<string, number>();
  const slice = new TimeSlice(SLICE_MS);
  for (const entry of found) {
    if (slice.expired) await slice.yield();
    const onDisk = typeof entry === "string" ? entry : entry.name;
    const name = nameIn(folder, onDisk);
    if (name === null) continue;
    const index = indexes.get(name) ?? names.length;
    // If two forms of a name exist, only the NFC form is listed.
    if (index < names.length && onDisk !== name) continue;
    if (onDisk !== name) aliases.set(name, onDisk);
    else if (index < names.length) aliases.delete(name);
    if (!isPlain(name)) indexes.set(name, index);
    names[index] = name;
    if (typeof entry !== "string") kindOfName[index] = kindOf(entry);
  }
  return { names: new PackedNames(names, aliases), kinds: kindOfName };
}

/** readdir() of a folder that was removed while open fails with ENOENT. */
function notFoundIfGone(error: unknown): never {
  if (errnoOf(error) === "ENOENT") throw folderNotFound(error);
  throw error;
}

function kindOf(entry: Dirent): number {
  if (entry.isDirectory()) return FOLDER;
  return entry.isFile() ? FILE : UNKNOWN_KIND;
}
