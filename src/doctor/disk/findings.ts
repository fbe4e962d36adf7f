// What the readings of a disk mean for uploads and downloads.

import { formatRate } from "../../core/report/flow-report.ts";
import { about, type Finding } from "../finding.ts";
import type { DiskReadings } from "./disk.ts";
import { type Moved, quantile } from "./speed.ts";

/** Bytes per second: less than a line of 100 Mbit/s brings. */
const SLOW = 12.5e6;
/** Seconds of a sync that everyone notices who sends many small files. */
const SLOW_SYNC = 0.05;

const rate = ({ bytes, seconds }: Moved): number => bytes / Math.max(seconds, 1e-6);

/** One finding for each reading that is there. */
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
  const line = `${mebibytes(writing.synced.bytes)} written and synced as uploads are: as fast as a line of ${megabits(synced)}.`;
  if (synced >= SLOW) return ok(value, { reason: line, figures });
  return warning(value, {
    reason: `${line} Most lines are faster, so uploads will wait for this disk.`,
    advice: "Choose a root on a faster disk; on a rented machine, look for a limit on its writes.",
    figures,
  });
}

function syncLatency({ syncs }: DiskReadings): Finding | undefined {
  if (!syncs || syncs.length === 0) return undefined;
  const { ok, warning } = about("sync-latency", "Sync latency");
  const [p50, p95, max] = [quantile(syncs, 0.5), quantile(syncs, 0.95), syncs.at(-1) ?? 0];
  const value = `p50 ${milliseconds(p50)}, p95 ${milliseconds(p95)}, max ${milliseconds(max)}`;
  const figures = { p50, p95, max, samples: syncs.length };
  const reason = `${syncs.length} times 4 KiB written and synced. Every upload waits for two syncs or more: of its bytes, of its name.`;
  if (p95 <= SLOW_SYNC) return ok(value, { reason, figures });
  return warning(value, {
    reason: `${reason} Many small files, sent one after another, will be slow.`,
    advice: "Send small files several at once, or in one form; choose a root on an SSD.",
    figures,
  });
}

function readSpeed({ reading, cold = false }: DiskReadings): Finding | undefined {
  if (!reading || reading.bytes === 0) return undefined;
  const { ok, warning } = about("read-speed", "Read speed");
  const value = `${formatRate(rate(reading))}${cold ? "" : " from the cache"}`;
  const figures = { bytesPerSecond: rate(reading), bytes: reading.bytes, cold: cold ? 1 : 0 };
  const reason = cold
    ? `${mebibytes(reading.bytes)} read after the cache of this system was emptied of it.`
    : "The cache of the system could not be emptied, so this says little about the disk.";
  if (rate(reading) >= SLOW) return ok(value, { reason, figures });
  return warning(value, {
    reason,
    advice: "Downloads of what is not in the cache will wait for this disk: choose a root on a faster one.",
    figures,
  });
}

function hardLinks({ linked, linkRefused = "" }: DiskReadings): Finding | undefined {
  if (linked === undefined) return undefined;
  const { ok, problem } = about("hard-links", "Hard links");
  if (linked) return ok("work");
  return problem("refused", {
    reason: `A file gets its name by a link, so that no half file ever has one. The system said ${linkRefused || "no"}, and every upload will be refused (503 storage_read_only).`,
    advice: "Choose a root on ext4, xfs or btrfs.",
  });
}

function names({ ignoresCase }: DiskReadings): Finding | undefined {
  if (ignoresCase === undefined) return undefined;
  const { ok, warning } = about("name-case", "Case of names");
  if (!ignoresCase) return ok("kept apart");
  return warning("ignored", {
    reason: "`a.jpg` and `A.jpg` are one file here: the second is renamed, or replaces the first.",
    advice: "Choose a root on ext4, xfs or btrfs if both must be there.",
  });
}

function copies({ reflink }: DiskReadings): Finding | undefined {
  if (reflink === undefined) return undefined;
  const { ok } = about("reflinks", "Reflinks");
  // No warning: ext4 has none, and only copies are slower for it.
  return reflink
    ? ok("work", { reason: "A copy takes no time and no space." })
    : ok("none: a copy is as slow as the disk");
}

/** Why nothing could be written. `errno` as the system says it. */
export function notWritable(errno: string, writes: boolean): Finding {
  const { ok, problem } = about("writable", "Writable");
  if (!writes)
    return ok("no, and nothing is to be written", { reason: "--allow grants neither write nor delete." });
  switch (errno) {
    case "EROFS":
      return problem("no: the file system is read-only", {
        reason:
          "Every upload is refused (503 storage_read_only). A disk with errors may have been mounted so.",
        advice: "Look why with `dmesg`; mount it `rw`. To serve it as it is: --allow read.",
      });
    case "EACCES":
    case "EPERM":
      return problem("no: not permitted", {
        reason: "Every upload is refused (503 storage_read_only).",
        advice:
          "Give the folder to the user Sluice runs as (chown, chmod u+rwx). To only serve it: --allow read.",
      });
    case "ENOTDIR":
    case "EEXIST":
      return problem("no: it is not a folder", { advice: "Name a folder as ROOT." });
    case "ENOSPC":
    case "EDQUOT":
      return problem("no: the disk, or a quota, is full", { advice: "Remove files, or raise the quota." });
    default:
      return problem(`no: the system says ${errno}`, { advice: "Look at the disk: `dmesg`, `mount`." });
  }
}

/** The disk did not answer in time. */
export function hanging(seconds: number): Finding {
  return about("disk-answers", "Disk").problem(`did not answer within ${seconds} s`, {
    reason: "It hangs, or takes less than 100 kB a second.",
    advice: "Look at it with `dmesg` and `iostat -x 1`; if it is on another machine, at the network between.",
  });
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;

function megabits(bytesPerSecond: number): string {
  const bits = bytesPerSecond * 8;
  return bits >= 1e9 ? `${(bits / 1e9).toFixed(1)} Gbit/s` : `${Math.round(bits / 1e6)} Mbit/s`;
}

/** Two digits: `0.21 ms`, `14 ms`, `1200 ms`. */
export function milliseconds(seconds: number): string {
  const value = seconds * 1000;
  return `${value < 10 ? Number(value.toPrecision(2)) : Math.round(value)} ms`;
}
