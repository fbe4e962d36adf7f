// Checks before a removal that nothing would stop it halfway: a mount point, or an entry that may not be deleted.

import { type BigIntStats, constants } from "node:fs";
import { Problem } from "../../../errors.ts";
import { notRemovable } from "../../problems.ts";
import { closeDir, currentPath, type DirHandle, openDir } from "../at/handle.ts";
import type { Location } from "../at/locate.ts";
import type { Calls } from "../os/calls.ts";
import { DENIED, errnoOf } from "../os/errno.ts";
import { mountsBelow } from "../os/mounts.ts";

/**
 * Checks that another file system is mounted nowhere below a folder.
 * @param path the folder's path for messages
 * @throws Problem mount_point, which names the place
 */
export async function assertNoMounts(calls: Calls, folder: DirHandle, path: string): Promise<void> {
  const [mount] = await mountsBelow(calls, await currentPath(calls, folder));
  if (mount !== undefined) throw mountedAt(`${path}/${mount}`);
}

/**
 * Checks that a folder can be deleted with its contents: no file system is mounted in it, and nothing in it is kept by the
 * rights of a folder, a sticky bit or the attribute "immutable". Folders more than 64 levels down are not examined.
 * @param path the folder's path for messages
 * @throws Problem mount_point, no_access, which name the entry; the system's error otherwise
 */
export async function assertRemovable(calls: Calls, folder: DirHandle, path: string): Promise<void> {
  await assertNoMounts(calls, folder, path);
  try {
    await calls.examineTree(`${folder.path}/.`);
  } catch (error) {
    const entry = error instanceof Error && "entry" in error ? error.entry : undefined;
    if (typeof entry !== "string") throw error;
    const named = entry === "" ? path : `${path}/${entry}`;
    throw errnoOf(error) === "EBUSY" ? mountedAt(named) : notRemovable(named, error);
  }
}

/** Checks that an entry, a folder with its contents, can be deleted from its folder. @throws as `assertRemovable` */
export async function assertEntryRemovable(
  calls: Calls,
  { folder, at }: Location,
  path: string,
  stat: BigIntStats,
): Promise<void> {
  await calls.access(`${folder.path}/.`, constants.W_OK | constants.X_OK).catch(asNotRemovable(path));
  if (stat.isDirectory()) await inFolder(calls, at, path, (dir) => assertRemovable(calls, dir, path));
}

/** Runs `step` with a folder open. @param path its path for messages @throws Problem no_access; the errors of `step` */
export async function inFolder<T>(
  calls: Calls,
  at: string,
  path: string,
  step: (folder: DirHandle) => Promise<T>,
): Promise<T> {
  const folder = await openDir(calls, at).catch(asNotRemovable(path));
  try {
    return await step(folder);
  } finally {
    await closeDir(calls, folder);
  }
}

/** For `catch`: throws `no_access` with the path of the entry when the system denied the call, otherwise the error itself. */
export function asNotRemovable(path: string): (error: unknown) => never {
  return (error) => {
    throw DENIED.has(errnoOf(error) ?? "") ? notRemovable(path, error) : error;
  };
}

function mountedAt(path: string): Problem {
  return new Problem(
    "mount_point",
    `Another file system is mounted at \`${path}\`. Unmount it, or delete the other entries one by one.`,
  );
}
