// Checks free bytes and inodes against --keep-free.

import { formatSize } from "../../config/values.ts";
import { formatBytes } from "../../units.ts";
import { about, type Finding } from "../finding.ts";

/** The result of statfs(2). */
export interface Space {
  /** Bytes available to this process. */
  readonly free: number;
  readonly total: number;
  readonly freeInodes: number;
  /** Total inodes; 0 when the file system creates them on demand. */
  readonly inodes: number;
}

/** Share of free inodes below which the finding is a warning. */
const FEW_INODES = 0.05;
/** Number of free inodes that one busy day can use up. */
const VERY_FEW = 1000;

export function freeSpace({ free, total }: Space, keepFree: number): Finding {
  const { ok, warning, problem } = about("free-space", "Free space");
  const value = `${formatBytes(free)} of ${formatBytes(total)}`;
  const figures = { free, total, keepFree };
  if (free <= keepFree)
    return problem(value, {
      reason: `Every upload is refused (507 storage_full): --keep-free reserves ${formatSize(keepFree)}.`,
      advice: "Remove files, enlarge the disk, or lower --keep-free.",
      figures,
    });
  if (free - keepFree < total / 20)
    return warning(value, {
      reason: `${formatBytes(free - keepFree)} can still be uploaded; --keep-free reserves ${formatSize(keepFree)}. Nearly full disks are slow.`,
      advice: "Remove files, or enlarge the disk.",
      figures,
    });
  return ok(value, { reason: `--keep-free reserves ${formatSize(keepFree)} of it.`, figures });
}

export function freeInodes({ inodes, freeInodes: free }: Space): Finding {
  const { ok, warning, problem } = about("free-inodes", "Free inodes");
  if (inodes === 0) return ok("created on demand");
  const value = `${free.toLocaleString("en")} of ${inodes.toLocaleString("en")}`;
  const figures = { free, total: inodes };
  const advice = "Remove small files, or recreate the file system with more inodes (mkfs.ext4 -N).";
  if (free < 3)
    return problem(value, { reason: "No file can be created although bytes are free.", advice, figures });
  if (free < VERY_FEW || free < inodes * FEW_INODES)
    return warning(value, { reason: "Each file and each folder uses one inode.", advice, figures });
  return ok(value, { figures });
}
