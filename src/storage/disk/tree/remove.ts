// Deletes files and whole folders; readers see a folder disappear in one step.

import { Problem } from "../../../errors.ts";
import type { FilePath } from "../../../path.ts";
import { messageOf } from "../../../system/errno.ts";
import { needsRecursive } from "../../problems.ts";
import type { DiskContext } from "../at/context.ts";
import { closeDir } from "../at/handle.ts";
import { entryAt, locateExisting } from "../at/locate.ts";
import { type Calls, LARGE_FILE } from "../os/calls.ts";
import { ENOENT_ONLY, errnoOf, ignoreErrno } from "../os/errno.ts";
import { asNotRemovable, assertNoMounts, assertRemovable, inFolder } from "./removable.ts";

/** How often to retry when entries are added concurrently. */
const ATTEMPTS = 10;

/** See `Storage.remove`. @throws Problem; the system's error otherwise, ENOENT when there is nothing */
export async function remove(context: DiskContext, path: FilePath, recursive: boolean): Promise<void> {
  const { calls, dirSync, temporaries } = context;
  const source = await locateExisting(context, path);
  try {
    const stat = await entryAt(calls, source);
    if (!stat.isDirectory()) {
      const unlink = stat.size >= LARGE_FILE ? calls.unlinkLarge : calls.unlink;
      await unlink(source.at).catch(asNotRemovable(path));
      await dirSync.sync(source.folder);
      return;
    }
    if (!recursive) throw needsRecursive();
    await inFolder(calls, source.at, path, (folder) => assertRemovable(calls, folder, path));
    // Rename it away first: readers never see half of it, and after a crash the next start deletes the rest.
    const aside = `${temporaries.path}/${crypto.randomUUID()}`;
    const renamed = await calls.rename(source.at, aside).then(
      () => true,
      (error: unknown) => {
        // A folder on another file system can only be emptied in place.
        if (errnoOf(error) === "EXDEV") return false;
        return asNotRemovable(path)(error);
      },
    );
    if (renamed) await dirSync.sync(source.folder);
    if (renamed) await deleteOrWarn(context, aside, path);
    else {
      await removeAll(calls, source.at, path).catch(asNotRemovable(path));
      await dirSync.sync(source.folder);
    }
  } finally {
    await closeDir(calls, source.folder);
  }
}

/**
 * Deletes an entry that was moved out of the tree. If it cannot be deleted, the operator is warned: clients no longer see
 * it, and the next start tries again. Never throws.
 * @param what the name of the entry in that warning
 */
export async function deleteOrWarn(context: DiskContext, at: string, what: string): Promise<void> {
  try {
    await removeAll(context.calls, at, what);
  } catch (error) {
    context.warn(`${what} is removed, but not deleted from \`.sluice\`: ${reasonOf(error)}`);
  }
}

/** The message of an error, for the operator. */
export const reasonOf = (error: unknown): string => {
  if (error instanceof Problem) return error.detail;
  return messageOf(error);
};

/**
 * Deletes an entry with its contents, but nothing on another file system. Retries, because a process with an open handle can
 * add entries until the folder itself is gone. Does nothing when there is no entry.
 * @param path its path for messages
 */
export async function removeAll(calls: Calls, at: string, path: string): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS + 1; attempt += 1) {
    const stat = await ignoreErrno(ENOENT_ONLY, calls.lstat(at));
    if (!stat) return;
    if (attempt > ATTEMPTS) break;
    if (stat.isDirectory()) await inFolder(calls, at, path, (folder) => assertNoMounts(calls, folder, path));
    await calls.removeTree(at);
  }
  throw new Problem(
    "storage_failed",
    "The folder could not be emptied, because another process keeps adding entries to it.",
  );
}
