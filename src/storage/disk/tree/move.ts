// Renames files and folders without overwriting an entry that takes the name concurrently.

import type { BigIntStats } from "node:fs";
import { Problem } from "../../../errors.ts";
import { checkFilePath, checkFolderPath, type FilePath } from "../../../path.ts";
import type { FolderEntry, Moved } from "../../entry.ts";
import { nameTaken } from "../../problems.ts";
import { type DiskContext, durably, replaceable, WITHOUT_LINKS } from "../at/context.ts";
import { closeDir } from "../at/handle.ts";
import { entryAt, isSame, type Location, locateExisting, locateNew, orNotWritableAt } from "../at/locate.ts";
import type { Calls } from "../os/calls.ts";
import { fileEntry, folderEntry } from "../os/entry.ts";
import { ENOENT_ONLY, errnoOf, ignoreErrno } from "../os/errno.ts";
import { CREATE_NEW } from "../os/open-flags.ts";
import { replacing } from "../write/publish.ts";
import { assertFits } from "./reach.ts";
import { assertEntryRemovable } from "./removable.ts";

/** See `Storage.makeFolder`. */
export async function makeFolderAt(context: DiskContext, path: FilePath): Promise<FolderEntry> {
  return await durably(() => makeOnce(context, path));
}

async function makeOnce(context: DiskContext, path: FilePath): Promise<FolderEntry> {
  const { calls, dirSync } = context;
  const target = await locateNew(context, path);
  const { folder, at } = target;
  try {
    await dirSync.addFolder(folder, () => orNotWritableAt(calls, [target], calls.mkdir(at)));
    return folderEntry(checkFolderPath(path), await calls.lstat(at));
  } catch (error) {
    throw errnoOf(error) === "EEXIST" ? nameTaken(error) : error;
  } finally {
    await closeDir(calls, folder);
  }
}

/** See `Storage.move`. @throws Problem; the system's error otherwise, ENOENT when there is nothing to move */
export async function move(
  context: DiskContext,
  from: FilePath,
  to: FilePath,
  replace: boolean,
): Promise<Moved> {
  if (from === to) throw new Problem("into_itself", "It has this name already.");
  return await durably(() => moveOnce(context, from, to, replace));
}

async function moveOnce(
  context: DiskContext,
  from: FilePath,
  to: FilePath,
  replace: boolean,
): Promise<Moved> {
  const { calls } = context;
  const source = await locateExisting(context, from);
  try {
    const stat = await entryAt(calls, source);
    if (stat.isDirectory() && to.startsWith(`${from}/`)) throw intoItself();
    if (stat.isDirectory()) await assertFits(context, source, from, to);
    const recased = from.toLowerCase() === to.toLowerCase();
    return await nameAt(context, source, to, { replace, recased }, stat).catch(async (error: unknown) => {
      // To another file system, a move copies and deletes: refused before it starts where it could not end.
      if (errnoOf(error) === "EXDEV") await assertEntryRemovable(calls, source, from, stat);
      throw error;
    });
  } finally {
    await closeDir(calls, source.folder);
  }
}

/** Renames a located entry and syncs both folders. @throws as `move` */
export async function nameAt(
  context: DiskContext,
  source: Location,
  to: FilePath,
  { replace, recased = false }: { replace: boolean; recased?: boolean },
  known?: BigIntStats,
): Promise<Moved> {
  const { calls, dirSync } = context;
  const stat = known ?? (await entryAt(calls, source));
  const target = await locateNew(context, to);
  try {
    const places = [target, source];
    const replaced = stat.isDirectory()
      ? await dirSync.addFolder(target.folder, () =>
          orNotWritableAt(calls, places, nameFolder(calls, source.at, target.at, recased)),
        )
      : await orNotWritableAt(calls, places, nameFile(context, source, target, { replace, recased }, stat));
    if (!stat.isDirectory()) await dirSync.sync(target.folder);
    await dirSync.sync(source.folder);
    return { entry: describe(to, await currentStat(calls, target, stat)), replaced };
  } finally {
    await closeDir(calls, target.folder);
  }
}

/**
 * rename() silently replaces an empty folder. Where RENAME_NOREPLACE is missing, mkdir() takes the name first, which
 * fails if anything has it, and the rename then replaces that new folder.
 * @param recased the names differ in case only: on a file system that ignores it they are one
 * @returns false: no folder is ever replaced
 */
export async function nameFolder(calls: Calls, from: string, to: string, recased = false): Promise<false> {
  if ((await calls.renameNew(from, to)) === "renamed") return false;
  try {
    await calls.mkdir(to);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    if (!recased || !isSame(await calls.lstat(from), await calls.lstat(to))) throw nameTaken(error);
    await calls.rename(from, to);
    return false;
  }
  try {
    await calls.rename(from, to);
    return false;
  } catch (error) {
    await calls.rmdir(to).catch(() => {
      // Another process filled or removed it.
    });
    switch (errnoOf(error)) {
      case "EINVAL":
        throw intoItself(error);
      case "ENOTEMPTY":
      case "EEXIST":
      case "ENOTDIR":
        throw nameTaken(error);
      default:
        throw error;
    }
  }
}

/** The current stat of the moved entry; its new name may already belong to another one. */
async function currentStat(calls: Calls, { at }: Location, moved: BigIntStats): Promise<BigIntStats> {
  const there = await lstatOrNull(calls, at);
  return there && isSame(there, moved) ? there : moved;
}

/** Without RENAME_NOREPLACE link() and unlink(): link() never overwrites an entry that took the name concurrently. */
async function nameFile(
  { calls, dirSync, newNames }: DiskContext,
  source: Location,
  target: Location,
  { replace, recased }: { replace: boolean; recased: boolean },
  stat: BigIntStats,
): Promise<boolean> {
  if (await newNames.rename(source.at, target.at)) return false;
  try {
    await newNames.link(source.at, target.at);
  } catch (error) {
    const errno = errnoOf(error) ?? "";
    if (WITHOUT_LINKS.has(errno)) return await renameOverNew(calls, source.at, target.at);
    if (errno !== "EEXIST") throw error;
    return await renameOver(calls, source.at, target.at, { replace, recased });
  }
  // Sync before removing the old name, so that a power cut leaves at least one of them.
  await dirSync.sync(target.folder);
  await unlinkMoved(calls, source.at, target.at, stat);
  return false;
}

/**
 * Removes the old name. Of concurrent moves of one file, the one that unlinks it wins; the others remove their new name
 * again, unless it belongs to another file by now.
 * @throws Problem not_found
 */
async function unlinkMoved(calls: Calls, from: string, to: string, moved: BigIntStats): Promise<void> {
  const [old, made] = [await lstatOrNull(calls, from), await lstatOrNull(calls, to)];
  // Another file may have replaced the source just before link().
  const stays = old && (isSame(old, moved) || (made && isSame(old, made)));
  try {
    if (stays && (await unlinkIfPresent(calls, from))) return;
  } catch (error) {
    // The entry keeps its old name, so it must not have a second one.
    if (made && isSame(made, moved)) await unlinkIfPresent(calls, to);
    throw error;
  }
  if (made && isSame(made, moved)) await unlinkIfPresent(calls, to);
  throw new Problem("not_found", "The entry was moved or removed by another request.");
}

async function unlinkIfPresent(calls: Calls, at: string): Promise<boolean> {
  return (
    (await ignoreErrno(
      ENOENT_ONLY,
      calls.unlink(at).then(() => true),
    )) ?? false
  );
}

function lstatOrNull(calls: Calls, at: string): Promise<BigIntStats | null> {
  return ignoreErrno(ENOENT_ONLY, calls.lstat(at));
}

/** When link() is not permitted (protected_hardlinks, no hard links): an empty file takes the name, rename() replaces it. */
async function renameOverNew(calls: Calls, from: string, to: string): Promise<false> {
  await calls.close(
    await calls.open(to, CREATE_NEW, 0o600).catch((error: unknown) => {
      throw errnoOf(error) === "EEXIST" ? nameTaken(error) : error;
    }),
  );
  try {
    await calls.rename(from, to);
  } catch (error) {
    await calls.unlink(to).catch(() => {});
    throw error;
  }
  return false;
}

async function renameOver(
  calls: Calls,
  from: string,
  to: string,
  { replace, recased }: { replace: boolean; recased: boolean },
): Promise<boolean> {
  const taken = await calls.lstat(to);
  const same = isSame(taken, await calls.lstat(from));
  if (same && recased) {
    await calls.rename(from, to);
    return false;
  }
  if (!replace) throw nameTaken();
  replaceable(taken);
  // rename() between two links of the same file does nothing and keeps both.
  if (same) await calls.unlink(from);
  else await replacing(calls, to, taken, () => calls.rename(from, to));
  return true;
}

function describe(path: FilePath, stat: BigIntStats): Moved["entry"] {
  return stat.isDirectory() ? folderEntry(checkFolderPath(path), stat) : fileEntry(checkFilePath(path), stat);
}

const intoItself = (cause?: unknown): Problem =>
  new Problem("into_itself", "A folder cannot go into itself.", { cause });
