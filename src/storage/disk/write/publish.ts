// Gives synced bytes their name: a link or a rename, whole or not at all, into a folder that no swapped link leads out of.

import { Problem } from "../../../errors.ts";
import { type FilePath, folderOf, nameOf, segmentsOf } from "../../../path.ts";
import { nameTaken, uploadEnded } from "../../problems.ts";
import type { Published } from "../../storage.ts";
import { assertNameLength, type DiskContext, durably, replaceable, WITHOUT_LINKS } from "../at/context.ts";
import { closeDir, existingForm, openBeneath } from "../at/handle.ts";
import type { Calls } from "../os/calls.ts";
import { fileEntry } from "../os/entry.ts";
import { ENOENT_ONLY, errnoOf, ignoreErrno } from "../os/errno.ts";

/** Bytes without a name. */
export interface StagedFile {
  fd: number;
  /** Where they lie, in a folder of the server. */
  temporary: string;
  /** Whether they must still lie there afterwards; otherwise they may be gone from there. */
  stays: boolean;
  /** Asked at the last moment: true when the name is not wanted any more. */
  unwanted(): boolean;
}

/** The name is given and synced when this resolves. @throws Problem; the system's error otherwise */
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
  const { calls, dirSync, root, maxPathBytes } = context;
  assertNameLength(path, maxPathBytes);
  const folder = await openBeneath(calls, root, segmentsOf(folderOf(path)), true);
  try {
    const name = `${folder.path}/${await existingForm(calls, folder, nameOf(path))}`;
    const entry = fileEntry(path, calls.stat(staged.fd));
    if (staged.unwanted()) throw uploadEnded();
    const replaced = await linkOrReplace(context, staged, name, replace);
    try {
      await dirSync.sync(folder);
    } catch (error) {
      if (!replaced) await unlinkIfOurs(calls, staged.fd, name);
      throw error;
    }
    return { entry, replaced };
  } finally {
    await closeDir(calls, folder);
  }
}

/** @returns true when a file was replaced */
async function linkOrReplace(
  context: DiskContext,
  staged: StagedFile,
  name: string,
  replace: boolean,
): Promise<boolean> {
  const { calls } = context;
  try {
    await calls.link(staged.temporary, name);
    return false;
  } catch (error) {
    const errno = errnoOf(error) ?? "";
    if (WITHOUT_LINKS.has(errno))
      throw new Problem(
        "storage_read_only",
        "The file system of the root refuses hard links, by which a file gets its name. FAT and exFAT have none.",
        { cause: error },
      );
    if (errno !== "EEXIST") throw error;
  }
  if (!replace) throw nameTaken();
  const taken = await ignoreErrno(ENOENT_ONLY, calls.lstat(name));
  if (taken) replaceable(taken);
  if (staged.stays) await renameSecondLink(context, staged.temporary, name);
  else await calls.rename(staged.temporary, name);
  return taken !== null;
}

/** A link cannot replace and a rename cannot leave: so a second link is made, and that one renamed. */
async function renameSecondLink(context: DiskContext, from: string, name: string): Promise<void> {
  const { calls, temporaries } = context;
  const second = `${temporaries.path}/${crypto.randomUUID()}`;
  await calls.link(from, second);
  try {
    await calls.rename(second, name);
  } finally {
    // A rename between two links of one file does nothing and leaves both.
    await calls.unlink(second).catch(() => {
      // Renamed as it should be; what stays is removed at the next start.
    });
  }
}

/** A name that may not survive a power cut is not given at all. */
async function unlinkIfOurs(calls: Calls, fd: number, name: string): Promise<void> {
  try {
    const [own, there] = [calls.stat(fd), await calls.lstat(name)];
    if (own.ino === there.ino && own.dev === there.dev) await calls.unlink(name);
  } catch {
    // The disk fails already, and the caller is told why.
  }
}
