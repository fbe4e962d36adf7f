// The writable part of a disk storage: the .sluice folder and the stores in it. Opened later if the root is not writable at the start.

import { constants } from "node:fs";
import { Problem } from "../../../errors.ts";
import { RESERVED } from "../../../path.ts";
import { PATH_MAX_BYTES } from "../at/context.ts";
import { DirSync } from "../at/dir-sync.ts";
import { closeDir, type DirHandle } from "../at/handle.ts";
import type { PathLookup } from "../at/lookup.ts";
import { NewNames } from "../at/new-name.ts";
import { DATABASE } from "../dav/database.ts";
import { DavStore } from "../dav/dav-store.ts";
import { DiskLockRecords, DiskProperties } from "../dav/properties.ts";
import type { Calls } from "../os/calls.ts";
import { diskProblem } from "../os/errno.ts";
import { CREATE_NEW } from "../os/open-flags.ts";
import { PartialStore } from "../partial/store.ts";
import { DiskTrash } from "../tree/trash.ts";
import { removeTemp } from "../write/temp-upload.ts";
import type { WriteContext, WriteScheduler } from "../write/write-scheduler.ts";
import { AgeClock } from "./age-clock.ts";
import { LeftoverRemoval } from "./leftovers.ts";
import { putBackAside } from "./put-aside.ts";
import { DiskRecordLog } from "./record-log.ts";
import { openWorkDir, type WorkDir } from "./work-dir.ts";

/** The caller must close it with `closeWriting`. */
export interface Writing {
  context: WriteContext;
  workDir: Exclude<WorkDir, Problem>;
  partialStore: PartialStore;
  receipts: DiskRecordLog;
  trash: DiskTrash;
  /** Closed with the others. */
  davStore: DavStore;
  properties: DiskProperties;
  lockRecords: DiskLockRecords;
  ageClock: AgeClock;
  /** Runs in the background. */
  leftoverRemoval: LeftoverRemoval;
}

export interface WritingOptions {
  calls: Calls;
  lookup: PathLookup;
  root: DirHandle;
  /** The boot id. */
  boot: string;
  scheduler: WriteScheduler;
  warn: (message: string) => void;
}

/**
 * @returns the problem when the root is not writable
 * @throws RootInUse when another server has it; the system's error
 */
export async function openWriting(options: WritingOptions): Promise<Writing | Problem> {
  const { calls, lookup, root, boot, scheduler, warn } = options;
  const workDir = await openWorkDir(calls, root, lookup.root, boot);
  if (workDir instanceof Problem) return workDir;
  const context: WriteContext = {
    calls,
    root,
    assertRoot: () => lookup.assertRoot(),
    temporaries: workDir.temporaries,
    scheduler,
    dirSync: new DirSync(calls),
    newNames: new NewNames(calls),
    maxPathBytes: PATH_MAX_BYTES - Buffer.byteLength(lookup.root) - 1,
    warn,
  };
  const davStore = new DavStore(`${lookup.root}/${RESERVED}/${DATABASE}`, context);
  const properties = new DiskProperties(davStore);
  const trash = new DiskTrash(context);
  await putBackAside(trash, properties, warn);
  return {
    context,
    workDir,
    davStore,
    properties,
    lockRecords: new DiskLockRecords(davStore),
    partialStore: new PartialStore(context, workDir.partials),
    receipts: new DiskRecordLog(context, workDir.reserved),
    trash,
    ageClock: new AgeClock(context, workDir.reserved, boot, workDir.age),
    leftoverRemoval: new LeftoverRemoval(context, workDir.leftovers),
  };
}

/** Writes one byte into the folder of temporary files. @throws Problem */
export async function checkWritable({ calls, temporaries, root, assertRoot }: WriteContext): Promise<void> {
  assertRoot();
  const name = `${temporaries.path}/check-${crypto.randomUUID()}`;
  try {
    await calls.access(root.path, constants.W_OK | constants.X_OK);
    const fd = await calls.open(name, CREATE_NEW, 0o600);
    try {
      // One byte, because a full disk can still create empty files.
      await calls.write(Bun.file(fd), new Uint8Array(1));
    } finally {
      await removeTemp(calls, fd, name);
    }
  } catch (error) {
    throw diskProblem(error);
  }
}

/** The problem of every write to a root that was opened read-only. */
export function readOnlyWriting(): Problem {
  return new Problem("storage_read_only", "The server was started in read-only mode.");
}

/** Waits for running work and closes everything. */
export async function closeWriting(writing: Writing): Promise<void> {
  const { context, workDir, partialStore, receipts, ageClock, leftoverRemoval, davStore } = writing;
  await leftoverRemoval.stop();
  await ageClock.close();
  await partialStore.idleHandles.closeAll();
  await receipts.close();
  await davStore.close();
  const { lock, reserved, temporaries, partials } = workDir;
  for (const dir of [partials, temporaries, reserved]) await closeDir(context.calls, dir);
  lock.release();
}
