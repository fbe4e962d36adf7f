// Judges what the readings of a disk mean for uploads and downloads.

import { formatBytes, formatRate } from "../../units.ts";
import { about, type Finding } from "../finding.ts";
import type { DiskReadings } from "./disk.ts";
import { type Moved, quantile } from "./speed.ts";

/** Bytes per second: the rate of a line of 100 Mbit/s. */
const SLOW = 12.5e6;
/** Duration of a sync, in seconds, that is noticeable when many small files are sent. */
const SLOW_SYNC = 0.05;

const rate = ({ bytes, seconds }: Moved): number => bytes / Math.max(seconds, 1e-6);

/** One finding for each available reading. */
export function diskFindings(readings: DiskReadings): Finding[] {
  return [
    writeSpeed(readings),
    syncLatency(readings),
    readSpeed(readings),
    hardLinks(readings),
    names(readings),
    copies(readings),
  ].filter((finding) => finding !== undefined);
}

function writeSpeed({ writing }: DiskReadings): Finding | undefined {
  if (!writing) return undefined;
  const { ok, warning } = about("write-speed", "Write speed");
  const synced = rate(writing.synced);
  const figures = {
    bytesPerSecond: synced,
    unsyncedBytesPerSecond: rate(writing.taken),
    bytes: writing.synced.bytes,
    seconds: writing.synced.seconds,
  };
  const value = formatRate(synced);
  const line = `${formatBytes(writing.synced.bytes)} written and synced the way uploads are, which matches a line of ${megabits(synced)}.`;
  if (synced >= SLOW) return ok(value, { reason: line, figures });
  return warning(value, {
    reason: `${line} Most lines are faster, so this disk will limit uploads.`,
    advice: "Choose a root on a faster disk; on a rented machine, check for a write limit.",
    figures,
  });
}

function syncLatency({ syncs }: DiskReadings): Finding | undefined {
  if (!syncs || syncs.length === 0) return undefined;
  const { ok, warning } = about("sync-latency", "Sync latency");
  const [p50, p95, max] = [quantile(syncs, 0.5), quantile(syncs, 0.95), syncs.at(-1) ?? 0];
  const value = `p50 ${milliseconds(p50)}, p95 ${milliseconds(p95)}, max ${milliseconds(max)}`;
  const figures = { p50, p95, max, samples: syncs.length };
  const reason = `${syncs.length} times 4 KiB written and synced. Every upload waits for at least two syncs: one for its bytes, one for its name.`;
  if (p95 <= SLOW_SYNC) return ok(value, { reason, figures });
  return warning(value, {
    reason: `${reason} Many small files, sent one after another, will be slow.`,
    advice: "Send small files concurrently or in one form, or choose a root on an SSD.",
    figures,
  });
}

function readSpeed({ reading, cold = false }: DiskReadings): Finding | undefined {
  if (!reading || reading.bytes === 0) return undefined;
  const { ok, warning } = about("read-speed", "Read speed");
  const value = `${formatRate(rate(reading))}${cold ? "" : " from the cache"}`;
  const figures = { bytesPerSecond: rate(reading), bytes: reading.bytes, cold: cold ? 1 : 0 };
  const reason = cold
    ? `${formatBytes(reading.bytes)} read after dropping the file from the page cache.`
    : "The page cache could not be dropped, so this says little about the disk.";
  if (rate(reading) >= SLOW) return ok(value, { reason, figures });
  return warning(value, {
    reason,
    advice: "This disk will limit downloads of files that are not cached: choose a root on a faster one.",
    figures,
  });
}

function hardLinks({ linked, linkRefused = "" }: DiskReadings): Finding | undefined {
  if (linked === undefined) return undefined;
  const { ok, problem } = about("hard-links", "Hard links");
  if (linked) return ok("work");
  return problem("refused", {
    reason: `Uploads are named by link(2), so that no incomplete file is ever visible. It failed with ${linkRefused || "an unknown error"}, so every upload will be refused (503 storage_read_only).`,
    advice: "Choose a root on ext4, xfs or btrfs.",
  });
}

function names({ ignoresCase }: DiskReadings): Finding | undefined {
  if (ignoresCase === undefined) return undefined;
  const { ok, warning } = about("name-case", "Case of names");
  if (!ignoresCase) return ok("kept apart");
  return warning("ignored", {
    reason: "`a.jpg` and `A.jpg` are the same file here: the second upload is renamed or replaces the first.",
    advice: "Choose a root on ext4, xfs or btrfs if you need both.",
  });
}

function copies({ reflink }: DiskReadings): Finding | undefined {
  if (reflink === undefined) return undefined;
  const { ok } = about("reflinks", "Reflinks");
  // Not a warning: ext4 has no reflinks, and only copies are slower.
  return reflink
    ? ok("work", { reason: "A copy takes no time and no space." })
    : ok("none: a copy is as slow as the disk");
}

/** The finding for a root that cannot be written. `errno` is the system's code. */
export function notWritable(errno: string, writes: boolean): Finding {
  const { ok, problem } = about("writable", "Writable");
  if (!writes)
    return ok("no, and no write is granted", { reason: "--allow grants neither write nor delete." });
  switch (errno) {
    case "EROFS":
      return problem("no: the file system is read-only", {
        reason:
          "Every upload is refused (503 storage_read_only). The kernel remounts a disk read-only after errors.",
        advice: "Find the cause with `dmesg` and mount it `rw`, or serve it read-only with --allow read.",
      });
    case "EACCES":
    case "EPERM":
      return problem("no: not permitted", {
        reason: "Every upload is refused (503 storage_read_only).",
        advice:
          "Give the user that runs Sluice access (chown, chmod u+rwx), or serve it read-only with --allow read.",
      });
    case "ENOTDIR":
    case "EEXIST":
      return problem("no: it is not a folder", { advice: "Name a folder as ROOT." });
    case "ENOSPC":
    case "EDQUOT":
      return problem("no: the disk, or a quota, is full", { advice: "Remove files, or raise the quota." });
    default:
      return problem(`no: the write failed with ${errno}`, {
        advice: "Check the disk with `dmesg` and `mount`.",
      });
  }
}

/** The finding for a disk that did not answer in time. */
export function hanging(seconds: number): Finding {
  return about("disk-answers", "Disk").problem(`did not answer within ${seconds} s`, {
    reason: "It hangs, or writes less than 100 kB/s.",
    advice: "Check it with `dmesg` and `iostat -x 1`; if it is a network disk, check the network.",
  });
}

function megabits(bytesPerSecond: number): string {
  const bits = bytesPerSecond * 8;
  return bits >= 1e9 ? `${(bits / 1e9).toFixed(1)} Gbit/s` : `${Math.round(bits / 1e6)} Mbit/s`;
}

/** Two significant digits: `0.21 ms`, `14 ms`, `1200 ms`. */
export function milliseconds(seconds: number): string {
  const value = seconds * 1000;
  return `${value < 10 ? Number(value.toPrecision(2)) : Math.round(value)} ms`;
}
