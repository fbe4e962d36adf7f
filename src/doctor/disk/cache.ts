// Makes the system forget what it holds of a file in memory, so that reading it is reading the disk.

import { dlopen } from "bun:ffi";

/** POSIX_FADV_DONTNEED, the same number on all processors Bun runs on. */
const DONT_NEED = 4;
const LIBRARIES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

/**
 * Drops what is synced. node:fs has no posix_fadvise, so it is called in the C library.
 * @returns false when that is not there
 */
export function dropCache(fd: number): boolean {
  if (process.platform !== "linux") return false;
  for (const name of LIBRARIES) {
    try {
      const library = dlopen(name, {
        posix_fadvise: { args: ["i32", "i64", "i64", "i32"], returns: "i32" },
      });
      try {
        return library.symbols.posix_fadvise(fd, 0, 0, DONT_NEED) === 0;
      } finally {
        library.close();
      }
    } catch {
      // Another C library is on this system.
    }
  }
  return false;
}
