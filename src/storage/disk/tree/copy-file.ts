// Copies an open file into another: in one kernel call when it is small, otherwise slice by slice.

import type { CopyOptions } from "../../stored-copy.ts";
import type { DirHandle } from "../at/handle.ts";
import type { Calls } from "../os/calls.ts";

const MIB = 1024 * 1024;
/** Files up to this size are copied in one call, which cannot be aborted. */
const SINGLE_CALL_BYTES = 16 * MIB;
const SLICE = MIB;
/** Bytes between two syncs, which bounds the dirty pages of a copy. */
const SYNC_WINDOW = 32 * MIB;

/**
 * Appends the current bytes of `from` to a new file. The caller must sync the end. No call is in flight on return.
 * @throws the reason of the signal; the system's error
 */
export async function copyInto(
  calls: Calls,
  to: number,
  from: DirHandle,
  { signal, took, move }: CopyOptions,
): Promise<void> {
  const stat = calls.stat(from.fd);
  const size = Number(stat.size);
  if (size > 0 && size <= SINGLE_CALL_BYTES) {
    await took(size);
    await calls.copy(Bun.file(to), Bun.file(from.fd));
  } else if (size > 0) await copySlices(calls, to, from.fd, size, { signal, took });
  if (move) await calls.touch(to, stat);
}

/** Copies the size at the start, even if the source grows in between. */
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
