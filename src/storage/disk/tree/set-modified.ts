// Sets the modification time of a file or folder.

import { checkFilePath, checkFolderPath, type FilePath } from "../../../path.ts";
import type { Entry } from "../../entry.ts";
import { entryNotFound } from "../../problems.ts";
import type { DiskContext } from "../at/context.ts";
import { orNotReadable } from "../at/denied.ts";
import { closeDir } from "../at/handle.ts";
import { entryAt, isSame, locateExisting } from "../at/locate.ts";
import { closeQuietly } from "../os/calls.ts";
import { fileEntry, folderEntry } from "../os/entry.ts";
import { READ_EXISTING } from "../os/open-flags.ts";

/** See `Storage.setModified`. @throws Problem; the system's error otherwise, ENOENT when there is nothing */
export async function setModified(context: DiskContext, path: FilePath, modified: Date): Promise<Entry> {
  const { calls } = context;
  const location = await locateExisting(context, path);
  try {
    const stat = await entryAt(calls, location);
    const fd = await orNotReadable(location.folderPath, calls.open(location.at, READ_EXISTING));
    try {
      // Another entry may have taken the name.
      if (!isSame(calls.stat(fd), stat)) throw entryNotFound();
      await calls.setModified(fd, modified);
      const now = calls.stat(fd);
      return now.isDirectory()
        ? folderEntry(checkFolderPath(path), now)
        : fileEntry(checkFilePath(path), now);
    } finally {
      await closeQuietly(calls, fd);
    }
  } finally {
    await closeDir(calls, location.folder);
  }
}
