// Where a path leads: its folder held open, and the name that an entry has in it, or would get.

import type { BigIntStats } from "node:fs";
import { Problem } from "../../../errors.ts";
import { type FilePath, folderOf, nameOf, segmentsOf } from "../../../path.ts";
import { entryNotFound } from "../../problems.ts";
import type { Calls } from "../os/calls.ts";
import { assertNameLength, type DiskContext } from "./context.ts";
import { closeDir, type DirHandle, existingForm, openBeneath } from "./handle.ts";

/** To be released, by its folder. */
export interface Location {
  folder: DirHandle;
  /** A path through the dir: whatever happens to the names above, it is this folder's entry. */
  at: string;
}

/**
 * The place of something that should be there.
 * @throws Problem not_found when a folder above it is a file; link_in_path; the system's error otherwise
 */
export async function locateExisting({ calls, root }: DiskContext, path: FilePath): Promise<Location> {
  try {
    return await locateIn(calls, await openBeneath(calls, root, segmentsOf(folderOf(path)), false), path);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "not_a_folder") throw error;
    throw entryNotFound(error);
  }
}

/** The place of something new: missing folders above it are made. @throws Problem; the system's error otherwise */
export async function locateNew(
  { calls, root, maxPathBytes }: DiskContext,
  path: FilePath,
): Promise<Location> {
  assertNameLength(path, maxPathBytes);
  return await locateIn(calls, await openBeneath(calls, root, segmentsOf(folderOf(path)), true), path);
}

async function locateIn(calls: Calls, folder: DirHandle, path: FilePath): Promise<Location> {
  try {
    return { folder, at: `${folder.path}/${await existingForm(calls, folder, nameOf(path))}` };
  } catch (error) {
    await closeDir(calls, folder);
    throw error;
  }
}

/** What stands at a place, a file or a folder. @throws Problem not_found, link_in_path; the system's error otherwise */
export async function entryAt(calls: Calls, { at }: Location): Promise<BigIntStats> {
  const stat = await calls.lstat(at);
  if (stat.isSymbolicLink())
    throw new Problem("link_in_path", "This is a link; nothing is moved, copied or removed through links.");
  if (stat.isFile() || stat.isDirectory()) return stat;
  throw entryNotFound();
}

/** Whether two looks met the same file or folder. */
export function isSame(one: BigIntStats, other: BigIntStats): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}
