// Drops a file from the page cache, so that reading it reads the disk.

import { dlopen } from "bun:ffi";

/** POSIX_FADV_DONTNEED, the same number on every processor that Bun supports. */
const DONT_NEED = 4;
const LIBRARIES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

/**
 * Drops synced pages. node:fs has no posix_fadvise(2), so this calls the C library.
 * @returns false when the library cannot be called
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
      // This system has another C library.
    }
  }
  return false;
}
