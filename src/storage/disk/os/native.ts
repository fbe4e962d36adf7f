// Functions of the system that node:fs does not have, called through bun:ffi. They run on the calling thread.

import { dlopen, type Pointer, read } from "bun:ffi";

const LIBRARIES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];
// The number of the call, because older versions of musl have no function for it.
const RENAMEAT2 = process.arch === "arm64" ? 276 : 316;
const AT_FDCWD = -100;
const RENAME_NOREPLACE = 1;
/** EINVAL is the answer of a file system, ENOSYS that of a kernel, without RENAME_NOREPLACE. */
const UNSUPPORTED = new Set([22, 38]);

/** `refused` says only that nothing was renamed: the caller tries another call, which reports the reason. */
export type Renamed = "renamed" | "refused" | "unsupported";

interface Native {
  symbols: ReturnType<typeof open>["symbols"];
  /** The address of errno of this thread. */
  errno: Pointer;
}

let loaded: Native | null | undefined;

/** Renames with renameat2(RENAME_NOREPLACE), which never overwrites. */
export function renameNew(from: string, to: string): Renamed {
  loaded ??= load();
  if (!loaded) return "unsupported";
  const { symbols, errno } = loaded;
  const [source, target] = [terminated(from), terminated(to)];
  if (symbols.syscall(RENAMEAT2, AT_FDCWD, source, AT_FDCWD, target, RENAME_NOREPLACE) === 0)
    return "renamed";
  return UNSUPPORTED.has(read.i32(errno, 0)) ? "unsupported" : "refused";
}

function load(): Native | null {
  if (process.platform !== "linux") return null;
  for (const name of LIBRARIES) {
    try {
      const { symbols } = open(name);
      const errno = symbols.__errno_location();
      return typeof errno === "number" ? { symbols, errno } : null;
    } catch {
      // This system has another C library.
    }
  }
  return null;
}

function open(name: string) {
  return dlopen(name, {
    __errno_location: { args: [], returns: "ptr" },
    syscall: { args: ["i64", "i32", "buffer", "i32", "buffer", "u32"], returns: "i32" },
  });
}

/** A string as C has it. A path of this server contains no NUL. */
function terminated(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}
