// Deletes files and whole folders; readers see a folder disappear in one step.

import { Problem } from "../../../errors.ts";
import type { FilePath } from "../../../path.ts";
import { needsRecursive } from "../../problems.ts";
import type { DiskContext } from "../at/context.ts";
import { closeDir } from "../at/handle.ts";
import { entryAt, locateExisting } from "../at/locate.ts";
import type { Calls } from "../os/calls.ts";
import { errnoOf } from "../os/errno.ts";

/** How often to retry when entries are added concurrently. */
const ATTEMPTS = 10;

/** See `Storage.remove`. @throws Problem; the system's error otherwise, ENOENT when there is nothing */
export async function remove(context: DiskContext, path: FilePath, recursive: boolean): Promise<void> {
  const { calls, dirSync, temporaries } = context;
  const source = await locateExisting(context, path);
  try {
    const stat = await entryAt(calls, source);
    if (!stat.isDirectory()) {
      await calls.unlink(source.at);
      await dirSync.sync(source.folder);
      return;
    }
    if (!recursive) throw needsRecursive();
    // Rename it away first: readers never see half of it, and after a crash the next start deletes the rest.
    const aside = `${temporaries.path}/${crypto.randomUUID()}`;
    const here = await calls.rename(source.at, aside).then(
      () => aside,
      (error: unknown) => {
        // A folder on another file system can only be emptied in place.
        if (errnoOf(error) === "EXDEV") return source.at;
        throw error;
      },
    );
    if (here === aside) await dirSync.sync(source.folder);
    await removeAll(calls, here);
    if (here === source.at) await dirSync.sync(source.folder);
  } finally {
    await closeDir(calls, source.folder);
  }
}

/** Retries, because a process with an open handle can add entries until the folder itself is gone. */
export async function removeAll(calls: Calls, at: string): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    await calls.removeTree(at);
    const gone = await calls.lstat(at).then(
      () => false,
      (error: unknown) => errnoOf(error) === "ENOENT",
    );
    if (gone) return;
  }
  throw new Problem(
    "storage_failed",
    "The folder could not be emptied, because another process keeps adding entries to it.",
  );
}
