// Measures on the root's disk what uploads do: write, sync, read, link. `findings.ts` judges the readings.

import { constants, lstatSync } from "node:fs";
import { copyFile, link, stat, writeFile } from "node:fs/promises";
import { errnoOf } from "../../system/errno.ts";
import { dropCache } from "./cache.ts";
import { type Moved, measureReading, measureSyncs, measureWriting } from "./speed.ts";
import type { Workspace } from "./workspace.ts";

/** Readings of one disk. An undefined value was not measured. */
export interface DiskReadings {
  writing?: { taken: Moved; synced: Moved };
  reading?: Moved;
  /** Whether the reads reached the disk rather than the page cache. */
  cold?: boolean;
  /** Durations of small synced writes in seconds, sorted. */
  syncs?: readonly number[];
  /** The errno of link(2), when it failed. */
  linkRefused?: string;
  linked?: boolean;
  /** Whether a copy shares blocks with its source (reflink). */
  reflink?: boolean;
  ignoresCase?: boolean;
  /** The modification time of a new file and our clock at that moment, in milliseconds since 1970. */
  written?: { disk: number; now: number };
}

/** Most bytes to write, and the free space required to begin. */
const MOST = 256 * 2 ** 20;
const LEAST = 8 * 2 ** 20;

/**
 * Takes up to six seconds. Fills `readings` step by step, so that a caller that gives up on a hanging
 * disk still has the first ones.
 * @param room bytes that may be written
 * @param says called with the current step
 */
export async function readDisk(
  workspace: Workspace,
  room: number,
  signal: AbortSignal,
  readings: DiskReadings,
  says: (what: string) => void,
): Promise<void> {
  says("links and names");
  await tryNames(workspace, readings);
  if (room < LEAST) return;
  const { fd, device } = await workspace.file();
  says("how fast the disk writes");
  const bounds = { bytes: Math.min(MOST, room), seconds: 3, signal };
  readings.writing = await measureWriting(device, bounds);
  const { bytes } = readings.writing.synced;
  says("how long a sync takes");
  readings.syncs = await measureSyncs(device, bytes, { bytes: LEAST, seconds: 2, signal });
  says("how fast the disk reads");
  readings.cold = dropCache(fd);
  readings.reading = await measureReading(device, { bytes, seconds: 2, signal });
}

async function tryNames(workspace: Workspace, readings: DiskReadings): Promise<void> {
  const file = workspace.path("a");
  const now = Date.now();
  await writeFile(file, "sluice", { flag: "wx", mode: 0o600 });
  readings.written = { disk: (await stat(file)).mtimeMs, now };
  readings.ignoresCase = lstatSync(`${file.slice(0, -1)}A`, { throwIfNoEntry: false }) !== undefined;
  try {
    await link(file, workspace.path("b"));
    readings.linked = true;
  } catch (error) {
    readings.linked = false;
    readings.linkRefused = errnoOf(error) ?? "";
  }
  readings.reflink = await copyFile(
    file,
    workspace.path("c"),
    constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL,
  ).then(
    () => true,
    () => false,
  );
}
