// Translates errors of lookups and changes: missing entries become null, and denied calls problems that name the path.

import { type BigIntStats, constants } from "node:fs";
import { Problem } from "../../../errors.ts";
import { type FilePath, type FolderPath, segmentsOf } from "../../../path.ts";
import { notReadable, notWritable } from "../../problems.ts";
import type { Calls } from "../os/calls.ts";
import { diskProblem, ignoreErrno, isDenied } from "../os/errno.ts";

/** Errnos of a missing entry, or one behind a bad link: clients see no entry in all these cases. */
export const INVISIBLE: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"]);

/** @throws Problem no_access when the system denies the call, another one otherwise */
export async function nullIfInvisible<T>(call: Promise<T>): Promise<T | null> {
  return await ignoreErrno(INVISIBLE, call).catch((error: unknown) => {
    throw isDenied(error) ? notReadable("", error) : diskProblem(error);
  });
}

/** For lookups whose denial is not for clients to know, such as that of a link's target. */
export async function nullIfDenied<T>(step: Promise<T>): Promise<T | null> {
  return await step.catch((error: unknown) => {
    if (isDenied(error)) return null;
    throw error;
  });
}

/** @param path of the entry that the step reads, as clients know it @throws Problem no_access with this path when the system denies the step */
export async function orNotReadable<T>(path: string, step: Promise<T>): Promise<T> {
  return await step.catch((error: unknown) => {
    throw isDenied(error) ? notReadable(path, error instanceof Problem ? error.cause : error) : error;
  });
}

/**
 * @param lstat of a path as clients know it
 * @throws Problem no_access with the folder on the way that the server may not search; none if it is behind a link
 */
export async function refuseUnsearchable(
  path: FilePath | FolderPath,
  lstat: (path: string) => Promise<BigIntStats | null>,
): Promise<void> {
  let folder = "";
  for (const segment of segmentsOf(path)) {
    const inside = folder === "" ? segment : `${folder}/${segment}`;
    if (!(await orNotReadable(folder, lstat(inside)))?.isDirectory()) return;
    folder = inside;
  }
}

/** A folder that a step adds an entry to, or takes one from. */
export interface ChangedFolder {
  /** A path that the system takes. */
  at: string;
  /** As clients know it. */
  path: string;
}

/** @throws Problem no_access or storage_read_only, which names the folder, when the system denies the step */
export async function orNotWritable<T>(
  calls: Calls,
  folders: readonly ChangedFolder[],
  step: Promise<T>,
): Promise<T> {
  return await step.catch(async (error: unknown) => {
    if (error instanceof Problem || !isDenied(error)) throw error;
    for (const { at, path } of folders) if (!(await mayChange(calls, at))) throw notWritable(path, error);
    // The system has other reasons too: a sticky folder, an entry made immutable.
    throw notWritable(folders[0]?.path ?? "", error);
  });
}

/** Whether the server may add and remove entries of a folder. */
export async function mayChange(calls: Calls, folder: string): Promise<boolean> {
  return await calls.access(folder, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Whether owner and mode of a folder do not show that the server may write to it, so that only access() tells. */
export function isForeign({ uid, mode }: BigIntStats): boolean {
  const own = process.geteuid?.() ?? 0;
  return own !== 0 && (uid !== BigInt(own) || (mode & 0o300n) !== 0o300n);
}
