// The functions of the C library for renames and extended attributes, which node:fs does not have.

import { type Pointer, read } from "bun:ffi";
import { loadLibc } from "../../../system/libc.ts";

interface Native {
  symbols: NonNullable<ReturnType<typeof open>>["symbols"];
  /** The address of errno of this thread. */
  errno: Pointer;
}

let loaded: Native | null | undefined;

/** Loaded once. `null` where it cannot be: callers then do without renameat2() and extended attributes. */
export function native(): Native | null {
  if (loaded === undefined) loaded = load();
  return loaded;
}

/** The errno of the call just made. Another call of this thread may have changed it, so nothing that matters depends on it. */
export function lastErrno({ errno }: Native): number {
  return read.i32(errno, 0);
}

/** A NUL-terminated C string. A path of this server contains no NUL. */
export function terminated(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

function load(): Native | null {
  const library = open();
  if (!library) return null;
  const { symbols } = library;
  const errno = symbols.__errno_location();
  return typeof errno === "number" ? { symbols, errno } : null;
}

function open() {
  return loadLibc({
    __errno_location: { args: [], returns: "ptr" },
    syscall: { args: ["i64", "i32", "buffer", "i32", "buffer", "u32"], returns: "i32" },
    fgetxattr: { args: ["i32", "buffer", "buffer", "usize"], returns: "i32" },
    lgetxattr: { args: ["buffer", "buffer", "buffer", "usize"], returns: "i32" },
    flistxattr: { args: ["i32", "buffer", "usize"], returns: "i32" },
    llistxattr: { args: ["buffer", "buffer", "usize"], returns: "i32" },
    fsetxattr: { args: ["i32", "buffer", "buffer", "usize", "i32"], returns: "i32" },
    fremovexattr: { args: ["i32", "buffer"], returns: "i32" },
  });
}
