// Locates a path: opens its parent folder and determines the name of the entry in it.

import type { BigIntStats } from "node:fs";
import { Problem } from "../../../errors.ts";
import { type FilePath, folderOf, nameOf, segmentsOf } from "../../../path.ts";
import { entryNotFound } from "../../problems.ts";
import type { Calls } from "../os/calls.ts";
import { assertNameLength, type DiskContext } from "./context.ts";
import { orNotReadable, orNotWritable } from "./denied.ts";
import { closeDir, type DirHandle, existingForm, openBeneath } from "./handle.ts";

/** The caller must close its folder. */
export interface Location {
  folder: DirHandle;
  /** A path through the handle: it stays valid when folders above are renamed. */
  at: string;
  /** The folder's path as clients know it. */
  folderPath: string;
}

/**
 * Locates an entry that should exist.
 * @throws Problem not_found when a folder above it is a file; link_in_path; the system's error otherwise
 */
export async function locateExisting(context: DiskContext, path: FilePath): Promise<Location> {
  try {
    return await locateIn(context.calls, await openParent(context, path, false), path);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "not_a_folder") throw error;
    throw entryNotFound(error);
  }
}

/** Locates a new entry and creates its missing parents. @throws Problem; the system's error otherwise */
export async function locateNew(context: DiskContext, path: FilePath): Promise<Location> {
  assertNameLength(path, context.maxPathBytes);
  return await locateIn(context.calls, await openParent(context, path, true), path);
}

/**
 * Opens the folder of an entry, to change it; the caller must close it.
 * @param create creates missing folders
 * @throws Problem storage_gone when the root is not where it was; as `openBeneath` otherwise
 */
export async function openParent(context: DiskContext, path: FilePath, create: boolean): Promise<DirHandle> {
  const { calls, dirSync, root } = context;
  context.assertRoot();
  return await openBeneath(calls, root, segmentsOf(folderOf(path)), create ? dirSync : null);
}

async function locateIn(calls: Calls, folder: DirHandle, path: FilePath): Promise<Location> {
  try {
    const at = `${folder.path}/${await existingForm(calls, folder, nameOf(path))}`;
    return { folder, at, folderPath: folderOf(path) };
  } catch (error) {
    await closeDir(calls, folder);
    throw error;
  }
}

/** The stat of a file or folder. @throws Problem not_found, link_in_path; the system's error otherwise */
export async function entryAt(calls: Calls, { at, folderPath }: Location): Promise<BigIntStats> {
  const stat = await orNotReadable(folderPath, calls.lstat(at));
  if (stat.isSymbolicLink())
    throw new Problem("link_in_path", "This is a link; nothing is moved, copied or removed through links.");
  if (stat.isFile() || stat.isDirectory()) return stat;
  throw entryNotFound();
}

/** Whether two stats describe the same inode. */
export function isSame(one: BigIntStats, other: BigIntStats): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}

/** As `orNotWritable`, for the folders of these entries. */
export async function orNotWritableAt<T>(
  calls: Calls,
  locations: readonly Location[],
  step: Promise<T>,
): Promise<T> {
  const folders = locations.map(({ folder, folderPath }) => ({ at: folder.path, path: folderPath }));
  return await orNotWritable(calls, folders, step);
}
