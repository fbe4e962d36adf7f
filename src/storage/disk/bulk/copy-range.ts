// Copies bytes between open files: inside the kernel where it can, which shares blocks on a file system with reflinks.

import * as fs from "node:fs";
import { loadLibc } from "../../../system/libc.ts";
import type { Job } from "./bulk-queue.ts";

/** Bytes of one system call: about a millisecond in memory. */
const PIECE = 2 * 1024 * 1024;

/** A part of an open file, and where it goes in another. Offsets and lengths in bytes. */
export interface Range {
  /** Descriptor of the target. */
  to: number;
  /** Offset in `to`; its descriptor must not be open with O_APPEND. */
  toAt: number;
  /** Descriptor of the source. */
  from: number;
  fromAt: number;
  length: number;
}

type CopyFileRange = (from: number, fromAt: number, to: number, toAt: number, length: number) => number;

/** @returns bytes copied, fewer than `length` only at the end of the source. @throws the system's error */
export function* copyRange({ to, toAt, from, fromAt, length }: Range): Job {
  let copied = 0;
  while (copied < length) {
    const piece = Math.min(PIECE, length - copied);
    let count = inKernel(from, fromAt + copied, to, toAt + copied, piece);
    // It also fails where reading and writing does not: between file systems, or on a full disk, which write() then reports.
    if (count <= 0) count = throughMemory(from, fromAt + copied, to, toAt + copied, piece);
    if (count === 0) break;
    copied += count;
    yield;
  }
  return copied;
}

/** copy_file_range(2), which node:fs does not have. Returns -1 on failure, and where there is no such call. */
const inKernel: CopyFileRange = (() => {
  const library = loadLibc({
    copy_file_range: { args: ["i32", "ptr", "i32", "ptr", "u64", "u32"], returns: "i64" },
  });
  if (!library) return () => -1;
  const { copy_file_range: call } = library.symbols;
  // The call moves the offsets forward.
  const offsets = [new BigInt64Array(1), new BigInt64Array(1)] as const;
  return (from, fromAt, to, toAt, length) => {
    offsets[0][0] = BigInt(fromAt);
    offsets[1][0] = BigInt(toAt);
    return Number(call(from, offsets[0], to, offsets[1], length, 0));
  };
})();

let buffer: Uint8Array | undefined;

const throughMemory: CopyFileRange = (from, fromAt, to, toAt, length) => {
  buffer ??= new Uint8Array(PIECE);
  const count = fs.readSync(from, buffer, 0, length, fromAt);
  for (let done = 0; done < count; ) done += fs.writeSync(to, buffer, done, count - done, toAt + done);
  return count;
};
