// Loads functions of the C library that neither Bun nor node:fs has, through bun:ffi. They run on the calling thread.

import { dlopen, type FFIFunction, type Library } from "bun:ffi";

/** glibc, then musl on both processors that Bun supports. */
const NAMES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

/**
 * The caller may keep the library open, or close it.
 * @returns null except on Linux, and where the library lacks one of the functions or cannot be called
 */
export function loadLibc<Functions extends Record<string, FFIFunction>>(
  functions: Functions,
): Library<Functions> | null {
  if (process.platform !== "linux") return null;
  for (const name of NAMES) {
    try {
      return dlopen(name, functions);
    } catch {
      // This system has another C library.
    }
  }
  return null;
}
