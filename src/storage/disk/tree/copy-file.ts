// Copies the bytes of one open file into another: by the system alone where that takes no time, else slice by slice.

import type { CopyOptions } from "../../stored-copy.ts";
import type { DirHandle } from "../at/handle.ts";
import type { Calls } from "../os/calls.ts";

const MIB = 1024 * 1024;
/** A file of this length is copied in one call, which nothing can end. */
const SINGLE_CALL_BYTES = 16 * MIB;
const SLICE = MIB;
/** Bytes between two syncs: what is not on the disk yet stays bounded. */
const SYNC_WINDOW = 32 * MIB;

/**
 * Appends what the other file has now to a new file, not synced to its end. Nothing of it is in flight when this ends.
 * @throws the reason of the signal; the system's error
 */
export async function copyInto(
  calls: Calls,
  to: number,
  from: DirHandle,
  { signal, took, keepTimes }: CopyOptions,
): Promise<void> {
  const stat = calls.stat(from.fd);
  const size = Number(stat.size);
  if (size > 0 && size <= SINGLE_CALL_BYTES) {
    await took(size);
    await calls.copy(Bun.file(to), Bun.file(from.fd));
  } else if (size > 0) await copySlices(calls, to, from.fd, size, { signal, took });
  if (keepTimes) await calls.touch(to, stat);
}

/** What grows while it is copied is copied as long as it was. */
async function copySlices(
  calls: Calls,
  to: number,
  from: number,
  size: number,
  { signal, took }: CopyOptions,
): Promise<void> {
  const buffer = new Uint8Array(SLICE);
  for (let left = size, unsynced = 0; left > 0; ) {
    signal.throwIfAborted();
    const length = await calls.read(from, buffer.subarray(0, Math.min(left, SLICE)));
    if (length === 0) return;
    await took(length);
    await calls.write(Bun.file(to), buffer.subarray(0, length));
    left -= length;
    unsynced += length;
    if (unsynced < SYNC_WINDOW) continue;
    await calls.datasync(to);
    unsynced = 0;
  }
}
