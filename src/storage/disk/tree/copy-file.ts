// Copies the bytes of an open file into another, slice by slice.

import type { CopyOptions } from "../../stored-copy.ts";
import type { DirHandle } from "../at/handle.ts";
import type { Calls } from "../os/calls.ts";
import { copyAttributes, resemble } from "../write/rights.ts";
import { SYNC_WINDOW } from "../write/writer.ts";

/** Bytes between two checks whether the copy was cancelled. */
const SLICE = 2 * 1024 * 1024;

/**
 * Copies the current bytes of `from` to an empty file, even if the source grows in between. The caller must sync the end.
 * No call is in flight on return.
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
  for (let at = 0, synced = 0; at < size; ) {
    signal.throwIfAborted();
    const length = Math.min(SLICE, size - at);
    await took(length);
    const copied = await calls.copyRange({ to, toAt: at, from: from.fd, fromAt: at, length });
    if (copied === 0) break;
    at += copied;
    if (at - synced < SYNC_WINDOW) continue;
    await calls.syncCopy(to);
    synced = at;
  }
  await copyRights(calls, to, from.fd, move);
}

/** Copies the metadata of a file: all of it for a move, otherwise only the attributes that users attached. */
export async function copyRights(calls: Calls, to: number, from: number, move = false): Promise<void> {
  if (!move) {
    copyAttributes(calls, to, from);
    return;
  }
  const stat = calls.stat(from);
  await resemble(calls, to, from, stat);
  await calls.touch(to, stat);
}
