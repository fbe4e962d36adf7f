// An open file as the storage hands it out.

import type { FileEntry } from "../../entry.ts";
import type { StoredFile } from "../../storage.ts";
import type { Calls } from "../os/calls.ts";
import { fileEntry } from "../os/entry.ts";
import { diskProblem } from "../os/errno.ts";
import { closeDir, type DirHandle } from "./handle.ts";

/** The file takes over the handle. */
export function storedFile(calls: Calls, entry: FileEntry, dir: DirHandle): StoredFile {
  return {
    entry,
    body: Bun.file(dir.path),
    stat: () => {
      try {
        return fileEntry(entry.path, calls.stat(dir.fd));
      } catch (error) {
        throw diskProblem(error);
      }
    },
    close: () => closeDir(calls, dir),
  };
}
