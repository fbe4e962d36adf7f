// Reads the names in an open folder that clients can address, and counts the others.

import { isUtf8 } from "node:buffer";
import type { Dirent } from "node:fs";
import { MAX_SEGMENT_BYTES, nameChecker, RESERVED } from "../../../path.ts";
import { TimeSlice } from "../../../system/time-slice.ts";
import { isPlain } from "../../listing/natural-order.ts";
import { Skipped } from "../../listing/skipped.ts";
import { folderNotFound } from "../../problems.ts";
import { REPLACED, spelled } from "../at/byte-name.ts";
import { PATH_MAX_BYTES } from "../at/context.ts";
import type { OpenFolder } from "../at/handle.ts";
import type { Calls } from "../os/calls.ts";
import { errnoOf } from "../os/errno.ts";
import { SLICE_MS } from "./merge-sort.ts";
import { PackedNames } from "./packed-names.ts";

/** Kinds that readdir() reports. Some file systems report none, and what a link leads to needs a stat. */
export const UNKNOWN_KIND = 0;
export const FILE = 1;
export const FOLDER = 2;
export const LINK = 3;

/** Names from which reading them leaves much garbage. */
const MANY_NAMES = 20_000;

/** One name: as clients know it, and as it is on the disk. */
export interface ReadName {
  name: string;
  onDisk: string;
  /** Unknown unless kinds are read. */
  kind: number;
}

/**
 * Reads the names into a packed list.
 * @throws Problem not_found when the folder was removed
 */
export async function readNames(
  calls: Calls,
  opened: OpenFolder,
  kinds: boolean,
): Promise<{ names: PackedNames; kinds: Uint8Array }> {
  const names: string[] = [];
  const aliases = new Map<string, string>();
  const kindOfName: number[] = [];
  const skipped = await eachName(calls, opened, kinds, ({ name, onDisk, kind }) => {
    if (onDisk !== name) aliases.set(name, onDisk);
    names.push(name);
    if (kinds) kindOfName.push(kind);
  });
  return { names: new PackedNames(names, aliases, skipped), kinds: Uint8Array.from(kindOfName) };
}

/**
 * Calls `add` for every name that clients can address, in no particular order.
 * @param kinds also reads the kind of each entry, which takes twice the memory
 * @param add must not keep its argument, which is reused
 * @returns the names that no client can request: with a backslash, a device name, broken UTF-8, a second Unicode form
 * @throws Problem not_found when the folder was removed
 */
export async function eachName(
  calls: Calls,
  opened: OpenFolder,
  kinds: boolean,
  add: (found: Readonly<ReadName>) => void,
): Promise<Skipped> {
  const { folder, dir } = opened;
  const found = await (kinds ? calls.readdir(dir.path) : calls.names(dir.path)).catch(notFoundIfGone);
  const skipped = new Skipped();
  const isGarbled = await garbledIn(calls, opened, found, skipped);
  const nameOf = nameChecker(folder);
  const fits = lengthCheck(opened.real);
  // Of names that can have several Unicode forms, only one is listed: the NFC form if there is one.
  const forms = new Map<string, ReadName>();
  const slice = new TimeSlice(SLICE_MS);
  const plain: ReadName = { name: "", onDisk: "", kind: UNKNOWN_KIND };
  for (const entry of found) {
    if (slice.expired) await slice.yield();
    const onDisk = typeof entry === "string" ? entry : entry.name;
    const kind = typeof entry === "string" ? UNKNOWN_KIND : kindOf(entry);
    const name = nameOf(onDisk);
    if (isGarbled(onDisk) || onDisk === RESERVED) continue;
    if (name === null || !fits(onDisk)) skipped.add(spelled(onDisk), "name");
    else if (isPlain(name)) {
      plain.name = name;
      plain.onDisk = onDisk;
      plain.kind = kind;
      add(plain);
    } else {
      const other = forms.get(name);
      if (!other || onDisk === name) forms.set(name, { name, onDisk, kind });
      if (other) skipped.add(spelled(onDisk === name ? other.onDisk : onDisk), "name");
    }
  }
  for (const form of forms.values()) add(form);
  return skipped;
}

/** Adds the names that are not UTF-8 to `skipped`. @returns whether a text is such a name, as node:fs decodes it */
async function garbledIn(
  calls: Calls,
  { dir }: OpenFolder,
  found: readonly (string | Dirent)[],
  skipped: Skipped,
): Promise<(text: string) => boolean> {
  if (!found.some((entry) => (typeof entry === "string" ? entry : entry.name).includes(REPLACED)))
    return () => false;
  const broken = new Set<string>();
  const genuine = new Set<string>();
  for (const bytes of await calls.byteNames(dir.path).catch(notFoundIfGone)) {
    const text = bytes.toString();
    if (!text.includes(REPLACED)) continue;
    if (isUtf8(bytes)) genuine.add(text);
    else {
      broken.add(text);
      skipped.add(spelled(bytes), "name");
    }
  }
  return (text) => broken.has(text) && !genuine.has(text);
}

/** Whether the whole path of an entry is one that the system takes. */
function lengthCheck(folder: string): (name: string) => boolean {
  const left = PATH_MAX_BYTES - Buffer.byteLength(folder) - 1;
  return left >= MAX_SEGMENT_BYTES ? () => true : (name) => Buffer.byteLength(name) <= left;
}

/** readdir() of a folder that was removed while open fails with ENOENT. */
function notFoundIfGone(error: unknown): never {
  if (errnoOf(error) === "ENOENT") throw folderNotFound(error);
  throw error;
}

function kindOf(entry: Dirent): number {
  if (entry.isDirectory()) return FOLDER;
  if (entry.isFile()) return FILE;
  return entry.isSymbolicLink() ? LINK : UNKNOWN_KIND;
}

/** Collects the garbage of reading many names, which takes a few milliseconds. */
export function collectGarbage(read: number): void {
  if (read >= MANY_NAMES) Bun.gc(true);
}
