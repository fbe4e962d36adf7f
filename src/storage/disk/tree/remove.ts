// Removes files, and folders with all that is in them, in one step for everyone who looks.

import { Problem } from "../../../errors.ts";
import type { FilePath } from "../../../path.ts";
import type { DiskContext } from "../at/context.ts";
import { closeDir } from "../at/handle.ts";
import { entryAt, locateExisting } from "../at/locate.ts";
import type { Calls } from "../os/calls.ts";
import { errnoOf } from "../os/errno.ts";

/** How often what was put into it meanwhile is removed as well. */
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
    if (!recursive)
      throw new Problem(
        "is_folder",
        "This is a folder: `?recursive=true` removes it with all that is in it.",
      );
    // Out of sight first: nobody sees half of it, and a crash leaves the rest to the next start.
    const aside = `${temporaries.path}/${crypto.randomUUID()}`;
    const here = await calls.rename(source.at, aside).then(
      () => aside,
      (error: unknown) => {
        // On a file system of its own it can only be emptied where it is.
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

/** Who held a folder of it open may still put something into it, until that folder itself is gone. */
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
    "The folder could not be emptied: something is put into it all the time.",
  );
}
