// Drops a file from the page cache, so that reading it reads the disk.

import { loadLibc } from "../../system/libc.ts";

/** POSIX_FADV_DONTNEED, the same number on every processor that Bun supports. */
const DONT_NEED = 4;

/**
 * Drops synced pages. node:fs has no posix_fadvise(2), so this calls the C library.
 * @returns false when the library cannot be called, or refuses
 */
export function dropCache(fd: number): boolean {
  const library = loadLibc({ posix_fadvise: { args: ["i32", "i64", "i64", "i32"], returns: "i32" } });
  if (!library) return false;
  try {
    return library.symbols.posix_fadvise(fd, 0, 0, DONT_NEED) === 0;
  } finally {
    library.close();
  }
}
