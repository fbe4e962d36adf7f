// Opens a file that a lookup has found, and wraps it as a `StoredFile`.

import type { FilePath } from "../../../path.ts";
import type { FileEntry } from "../../entry.ts";
import { notReadable } from "../../problems.ts";
import type { StoredFile } from "../../stored-file.ts";
import type { Calls } from "../os/calls.ts";
import { fileEntry } from "../os/entry.ts";
import { diskProblem, errnoOf, isDenied } from "../os/errno.ts";
import { INVISIBLE } from "./denied.ts";
import { closeDir, type DirHandle, openFile } from "./handle.ts";

/** @param dir closed by `close` of the result */
export function storedFile(calls: Calls, entry: FileEntry, dir: DirHandle): StoredFile {
  return {
    entry,
    descriptor: dir.fd,
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

/** `null` when the file was removed or replaced since its lookup. @throws Problem no_access, … */
export async function openFound(calls: Calls, path: FilePath, real: string): Promise<DirHandle | null> {
  try {
    return await openFile(calls, real);
  } catch (error) {
    if (isDenied(error)) throw notReadable(path, error);
    // ENXIO: a socket.
    const errno = errnoOf(error) ?? "";
    if (INVISIBLE.has(errno) || errno === "ENXIO") return null;
    throw diskProblem(error);
  }
}
