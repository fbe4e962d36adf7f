// Publishes a staged file under its name with link() or rename(), atomically, through a handle of its folder.

import type { BigIntStats } from "node:fs";
import { basename } from "node:path";
import { Problem } from "../../../errors.ts";
import { type FilePath, folderOf, nameOf } from "../../../path.ts";
import { nameTaken, uploadEnded } from "../../problems.ts";
import type { Published } from "../../storage.ts";
import { assertNameLength, type DiskContext, durably, replaceable, WITHOUT_LINKS } from "../at/context.ts";
import { orNotWritable } from "../at/denied.ts";
import { closeDir, existingForm, openPath } from "../at/handle.ts";
import { openParent } from "../at/locate.ts";
import { type Calls, LARGE_FILE } from "../os/calls.ts";
import { fileEntry } from "../os/entry.ts";
import { ENOENT_ONLY, errnoOf, ignoreErrno } from "../os/errno.ts";
import { inherit, inheritanceOf, resemble } from "./rights.ts";

/** A synced file that has no public name yet. */
export interface StagedFile {
  fd: number;
  /** Its path in the server's own folder. */
  temporary: string;
  /** Whether the temporary path must still exist after publishing. */
  stays: boolean;
  /** The mode it was made with, before the umask; `null` when it keeps the owner and rights that it has, as a moved file does. */
  mode: number | null;
  /** @default the time of its last byte */
  modified?: Date | undefined;
  /** Checked immediately before taking the name: true when the upload was discarded. */
  unwanted(): boolean;
}

/** Gives the file its name and syncs the folder. The temporary path is gone then, unless it stays. @throws Problem; the system's error otherwise */
export async function publish(
  context: DiskContext,
  staged: StagedFile,
  path: FilePath,
  replace: boolean,
): Promise<Published> {
  return await durably(() => publishOnce(context, staged, path, replace));
}

async function publishOnce(
  context: DiskContext,
  staged: StagedFile,
  path: FilePath,
  replace: boolean,
): Promise<Published> {
  const { calls, dirSync, maxPathBytes } = context;
  assertNameLength(path, maxPathBytes);
  const folder = await openParent(context, path, true);
  try {
    const name = `${folder.path}/${await existingForm(calls, folder, nameOf(path))}`;
    const { fd, mode, modified } = staged;
    if (modified) await calls.setModified(fd, modified);
    const entry = fileEntry(path, calls.stat(fd));
    if (mode !== null && (await inherit(calls, inheritanceOf(calls, folder.fd), fd, mode)))
      await calls.sync(fd);
    if (staged.unwanted()) throw uploadEnded();
    const parent = { at: folder.path, path: folderOf(path) };
    const given = await orNotWritable(calls, [parent], takeName(context, staged, name, replace));
    try {
      await dirSync.sync(folder);
    } catch (error) {
      if (given !== "replaced") await unlinkIfOurs(calls, staged.fd, name);
      throw error;
    }
    if (given === "linked" && !staged.stays) await unlinkTemporary(calls, staged.temporary);
    return { entry, replaced: given === "replaced" };
  } finally {
    await closeDir(calls, folder);
  }
}

async function takeName(
  context: DiskContext,
  staged: StagedFile,
  name: string,
  replace: boolean,
): Promise<"renamed" | "linked" | "replaced"> {
  const { calls, newNames } = context;
  if (!staged.stays && (await newNames.rename(staged.temporary, name))) return "renamed";
  try {
    await newNames.link(staged.temporary, name);
    return "linked";
  } catch (error) {
    const errno = errnoOf(error) ?? "";
    if (WITHOUT_LINKS.has(errno))
      throw new Problem(
        "storage_read_only",
        "The file system of the root does not support hard links (FAT and exFAT have none). Use a root on another file system.",
        { cause: error },
      );
    if (errno !== "EEXIST") throw error;
  }
  if (!replace) throw nameTaken();
  const taken = await ignoreErrno(ENOENT_ONLY, calls.lstat(name));
  if (taken) replaceable(taken);
  if (taken && staged.mode !== null && (await resemble(calls, staged.fd, name, taken)))
    await calls.sync(staged.fd);
  await replacing(calls, name, taken, () =>
    staged.stays ? renameSecondLink(context, staged.temporary, name) : calls.rename(staged.temporary, name),
  );
  return taken ? "replaced" : "renamed";
}

/** Renames over a file. A large one is held open, so that its blocks are freed by a bulk call, not by rename() on a pool thread. */
export async function replacing(
  calls: Calls,
  name: string,
  taken: BigIntStats | null,
  rename: () => Promise<void>,
): Promise<void> {
  const large = taken !== null && taken.size >= LARGE_FILE;
  const old = large ? await ignoreErrno(ENOENT_ONLY, openPath(calls, name)) : null;
  try {
    await rename();
  } finally {
    if (old) await calls.closeLarge(old.fd);
  }
}

/**
 * link() cannot overwrite and rename() would remove the source, so create a second link and rename that over the target.
 * It has the name of the source, so that `PartialStore.reopen` finds it after a crash.
 */
async function renameSecondLink(context: DiskContext, from: string, name: string): Promise<void> {
  const { calls, temporaries } = context;
  const second = `${temporaries.path}/${basename(from)}`;
  await calls.link(from, second);
  try {
    await calls.rename(second, name);
  } finally {
    // Usually gone; but rename() between two links of the same file does nothing and keeps both.
    await unlinkTemporary(calls, second);
  }
}

/** Never throws: the next start deletes what is left. */
async function unlinkTemporary(calls: Calls, temporary: string): Promise<void> {
  await calls.unlink(temporary).catch(() => {});
}

/** Takes a name back that could not be synced, since it might not survive a power cut. */
async function unlinkIfOurs(calls: Calls, fd: number, name: string): Promise<void> {
  try {
    const [own, there] = [calls.stat(fd), await calls.lstat(name)];
    if (own.ino === there.ino && own.dev === there.dev) await calls.unlink(name);
  } catch {
    // The caller already gets the error of the failed sync.
  }
}
