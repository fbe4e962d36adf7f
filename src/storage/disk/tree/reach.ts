// Checks before a folder is moved that everything in it can still be addressed at its new place.

import type { BigIntStats } from "node:fs";
import { checkReach, type FilePath, MAX_SEGMENT_BYTES, MAX_SEGMENTS, segmentsOf } from "../../../path.ts";
import type { DiskContext } from "../at/context.ts";
import { closeDir, openDir } from "../at/handle.ts";
import type { Location } from "../at/locate.ts";
import type { Calls } from "../os/calls.ts";
import { DENIED, ignoreErrno } from "../os/errno.ts";

/** Links to a folder without folders in it: its name and its own `.`; some file systems do not count them. */
const LEAF_LINKS = 2n;
// Removed or replaced since the folder was read, not text, or not readable: clients cannot address what is in it anyway.
const UNKNOWN: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ELOOP", ...DENIED]);

/**
 * Costs nothing unless the new path is deeper or longer than the old one. Otherwise it reads the folders that have folders in
 * them, and looks at each folder once.
 * @throws Problem invalid_path; the system's error otherwise
 */
export async function assertFits(
  { calls, maxPathBytes }: DiskContext,
  { at }: Location,
  from: FilePath,
  to: FilePath,
): Promise<void> {
  const deeper = segmentsOf(to).length > segmentsOf(from).length;
  if (!deeper && Buffer.byteLength(to) <= Buffer.byteLength(from)) return;
  await new ReachCheck(calls, to, maxPathBytes).folder(at, 0, 0);
}

class ReachCheck {
  constructor(
    readonly calls: Calls,
    readonly to: FilePath,
    readonly maxPathBytes: number,
  ) {}

  /**
   * @param segments of its path below the top
   * @param bytes of its path below the top
   */
  async folder(at: string, segments: number, bytes: number): Promise<void> {
    const { calls } = this;
    const stat = await ignoreErrno(UNKNOWN, calls.lstat(at));
    if (!stat?.isDirectory() || this.#leafFits(stat, segments, bytes)) return;
    const dir = await ignoreErrno(UNKNOWN, openDir(calls, at));
    if (!dir) return;
    try {
      for (const entry of await calls.readdir(dir.path)) {
        const below = { segments: segments + 1, bytes: bytes + 1 + Buffer.byteLength(entry.name) };
        checkReach(this.to, below, this.maxPathBytes);
        if (!entry.isFile()) await this.folder(`${dir.path}/${entry.name}`, below.segments, below.bytes);
      }
    } finally {
      await closeDir(calls, dir);
    }
  }

  /** Whether everything in a folder without folders fits, whatever its names are. */
  #leafFits({ nlink }: BigIntStats, segments: number, bytes: number): boolean {
    if (nlink !== LEAF_LINKS) return false;
    const deepest = segmentsOf(this.to).length + segments + 1;
    const longest = Buffer.byteLength(this.to) + bytes + 1 + MAX_SEGMENT_BYTES;
    return deepest <= MAX_SEGMENTS && longest <= this.maxPathBytes;
  }
}
