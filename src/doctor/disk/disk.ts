// Tries what uploads do to the disk of the root: write, sync, read, link. What is read here, `disk-findings.ts` judges.

import { constants, lstatSync } from "node:fs";
import { copyFile, link, stat, writeFile } from "node:fs/promises";
import { dropCache } from "./cache.ts";
import { type Moved, measureReading, measureSyncs, measureWriting } from "./speed.ts";
import type { Workspace } from "./workspace.ts";

/** Measured on one disk. What is undefined was not measured. */
export interface DiskReadings {
  writing?: { taken: Moved; synced: Moved };
  reading?: Moved;
  /** Whether reading had to go to the disk. */
  cold?: boolean;
  /** Seconds of each small write with its sync, sorted. */
  syncs?: readonly number[];
  /** The errno of the system when a hard link was refused. */
  linkRefused?: string;
  linked?: boolean;
  /** Whether a copy shares its blocks with the file. */
  reflink?: boolean;
  ignoresCase?: boolean;
  /** The disk's time of a fresh file, and ours then: milliseconds since 1970. */
  written?: { disk: number; now: number };
}

/** Bytes at most, and what must be left to begin at all. */
const MOST = 256 * 2 ** 20;
const LEAST = 8 * 2 ** 20;

/**
 * Takes up to six seconds. Readings appear in `readings` as they come, so that whoever does not wait for a disk that
 * hangs still has the first ones.
 * @param room bytes that may be used
 * @param says what is done now
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
  says("how fast the disk takes bytes");
  const bounds = { bytes: Math.min(MOST, room), seconds: 3, signal };
  readings.writing = await measureWriting(device, bounds);
  const { bytes } = readings.writing.synced;
  says("how long a sync takes");
  readings.syncs = await measureSyncs(device, bytes, { bytes: LEAST, seconds: 2, signal });
  says("how fast the disk gives bytes");
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
    readings.linkRefused = error instanceof Error && "code" in error ? String(error.code) : "";
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
