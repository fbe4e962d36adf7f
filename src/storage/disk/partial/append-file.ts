// Appends one file to another in bounded pieces, and syncs between them.

import { FILES, Stopwatch } from "../../../system/stopwatch.ts";
import type { Calls } from "../os/calls.ts";
import { SYNC_WINDOW } from "../write/writer.ts";

/** Bytes between two checks whether the upload has ended. */
const PIECE = 8 * 1024 * 1024;

const [copies, syncs] = [new Stopwatch(FILES), new Stopwatch(FILES)];

/** Seconds that the calls took. */
export interface AppendTime {
  copying: number;
  syncing: number;
}

/**
 * Appends all bytes of a source and syncs them.
 * @param to a descriptor with O_APPEND works as well, but copy_file_range() refuses it and the bytes pass through memory
 * @param throwIfEnded called before each piece; throws to stop the copy
 */
export async function appendFile(
  calls: Calls,
  to: { fd: number; length: number },
  source: { fd: number; length: number },
  throwIfEnded: () => void,
): Promise<AppendTime> {
  const time = { copying: 0, syncing: 0 };
  for (let at = 0, synced = 0; at < source.length; ) {
    throwIfEnded();
    const length = Math.min(PIECE, source.length - at);
    const range = { to: to.fd, toAt: to.length + at, from: source.fd, fromAt: at, length };
    const copying = copies.start();
    const copied = await calls.copyRange(range);
    time.copying += copying();
    if (copied === 0) break;
    at += copied;
    if (at - synced < SYNC_WINDOW && at < source.length) continue;
    const syncing = syncs.start();
    await calls.syncCopy(to.fd);
    time.syncing += syncing();
    synced = at;
  }
  return time;
}
