// Renames without overwriting: renameat2(RENAME_NOREPLACE).

import { lastErrno, native, terminated } from "./native.ts";

// The number of the call, because older versions of musl have no function for it.
const RENAMEAT2 = process.arch === "arm64" ? 276 : 316;
const AT_FDCWD = -100;
const RENAME_NOREPLACE = 1;
/** EINVAL from a file system, ENOSYS from a kernel without RENAME_NOREPLACE. */
const UNSUPPORTED = new Set([22, 38]);

/** `refused`: nothing was renamed, and link(), which the caller tries next, reports the reason. */
export type Renamed = "renamed" | "refused" | "unsupported";

/** Runs on the calling thread. Never throws. */
export function renameNew(from: string, to: string): Renamed {
  const library = native();
  if (!library) return "unsupported";
  const [source, target] = [terminated(from), terminated(to)];
  const { syscall } = library.symbols;
  if (syscall(RENAMEAT2, AT_FDCWD, source, AT_FDCWD, target, RENAME_NOREPLACE) === 0) return "renamed";
  return UNSUPPORTED.has(lastErrno(library)) ? "unsupported" : "refused";
}
