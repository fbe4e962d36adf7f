// Room for files: bytes and inodes that are free, beside what --keep-free keeps.

import { formatSize } from "../../config/config.ts";
import { about, type Finding } from "../finding.ts";

/** What statfs says. */
export interface Space {
  /** Bytes this process may still use. */
  readonly free: number;
  readonly total: number;
  readonly freeInodes: number;
  /** 0: the file system makes them as they are needed. */
  readonly inodes: number;
}

/** Below this share of inodes a person should look. */
const FEW_INODES = 0.05;
/** So few that a busy day uses them up. */
const VERY_FEW = 1000;

export function freeSpace({ free, total }: Space, keepFree: number): Finding {
  const { ok, warning, problem } = about("free-space", "Free space");
  const value = `${formatSize(free)} of ${formatSize(total)}`;
  const figures = { free, total, keepFree };
  if (free <= keepFree)
    return problem(value, {
      reason: `Every upload is refused (507 storage_full): --keep-free keeps ${formatSize(keepFree)}.`,
      advice: "Remove files, enlarge the disk, or lower --keep-free.",
      figures,
    });
  if (free - keepFree < total / 20)
    return warning(value, {
      reason: `${formatSize(free - keepFree)} can still be uploaded: --keep-free keeps ${formatSize(keepFree)}. Nearly full disks are slow.`,
      advice: "Remove files, or enlarge the disk.",
      figures,
    });
  return ok(value, { reason: `--keep-free keeps ${formatSize(keepFree)} of it.`, figures });
}

export function freeInodes({ inodes, freeInodes: free }: Space): Finding {
  const { ok, warning, problem } = about("free-inodes", "Free inodes");
  if (inodes === 0) return ok("as many as are needed");
  const value = `${free.toLocaleString("en")} of ${inodes.toLocaleString("en")}`;
  const figures = { free, total: inodes };
  const advice = "Remove many small files, or make the file system anew with more inodes (mkfs.ext4 -N).";
  if (free < 3)
    return problem(value, { reason: "No file can be made, though there are free bytes.", advice, figures });
  if (free < VERY_FEW || free < inodes * FEW_INODES)
    return warning(value, { reason: "Each file and each folder takes one.", advice, figures });
  return ok(value, { figures });
}
