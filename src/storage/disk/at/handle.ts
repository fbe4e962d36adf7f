// Handles of open folders and files (openat style): a link swapped into the path cannot redirect later operations.

import { constants } from "node:fs";
import { Problem } from "../../../errors.ts";
import type { FolderPath } from "../../../path.ts";
import { descriptorPath } from "../../../system/descriptors.ts";
import { type Calls, closeQuietly, type Path } from "../os/calls.ts";
import { errnoOf } from "../os/errno.ts";
import { READ_EXISTING } from "../os/open-flags.ts";
import { orNotReadable, orNotWritable } from "./denied.ts";
import type { DirSync } from "./dir-sync.ts";

// Missing in node:fs; the same value on every architecture that Bun supports.
const O_PATH = 0o10000000;
const OPEN_FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** An open folder or file. The caller that opened it must close it. */
export interface DirHandle {
  fd: number;
  /** A path to this very folder or file, even after it is renamed (Linux). */
  path: string;
}

/** A folder opened for reading. The caller that opened it must close `dir`. */
export interface OpenFolder {
  folder: FolderPath;
  /** Its real path at the time. */
  real: string;
  dir: DirHandle;
}

/** Without `descriptorPath`, the plain path is used, where a link swapped in at the right moment would be followed. */
const handleAt = (fd: number, plain: Path): DirHandle => ({
  fd,
  path: descriptorPath(fd) ?? plain.toString(),
});

/** Opens a file for reading. Does not follow a link in the last segment, and does not block on a pipe. */
export async function openFile(calls: Calls, path: Path): Promise<DirHandle> {
  return handleAt(await calls.open(path, READ_EXISTING), path);
}

/**
 * Opens a path with O_PATH, following links: it references the file without opening it, so a device or pipe is not
 * touched and read permission is not checked. `null` except on Linux. The caller must close it with `drop`.
 */
export async function openPath(calls: Calls, path: string): Promise<DirHandle | null> {
  return process.platform === "linux" ? handleAt(await calls.open(path, O_PATH), path) : null;
}

/** Opens the file of an O_PATH handle for reading. */
export function reopenFile(calls: Calls, { fd, path }: DirHandle): DirHandle {
  return handleAt(calls.reopen(fd), path);
}

/** The real path of an open handle; on Linux the kernel derives it from the descriptor itself. */
export async function currentPath(calls: Calls, { path }: DirHandle): Promise<string> {
  return process.platform === "linux" ? await calls.readlink(path) : await calls.realpath(path);
}

/** Opens a folder by a trusted path: links in it are followed, except in the last segment. */
export async function openDir(calls: Calls, path: Path): Promise<DirHandle> {
  return handleAt(await calls.open(path, OPEN_FOLDER), path);
}

/**
 * Opens a folder below another, segment by segment, without following links.
 * @param create syncs the parents of missing folders, which are created; `null` creates none
 * @returns a new handle that the caller must close, even when there are no segments
 * @throws Problem link_in_path, not_a_folder, no_access, which names the folder below `from`; the system's own error
 * otherwise (ENOENT when missing)
 */
export async function openBeneath(
  calls: Calls,
  from: DirHandle,
  segments: readonly string[],
  create: DirSync | null,
): Promise<DirHandle> {
  let current = handleAt(await calls.open(`${from.path}/.`, OPEN_FOLDER), from.path);
  for (const [index, segment] of segments.entries()) {
    const parent = current;
    try {
      const path = segments.slice(0, index + 1).join("/");
      current = await orNotReadable(path, enter(calls, parent, path, segment, create));
    } finally {
      await closeDir(calls, parent);
    }
  }
  return current;
}

/** As `openBeneath`, but stops at the last folder that can be entered. @throws the system's error of the first one */
export async function openNearest(
  calls: Calls,
  from: DirHandle,
  segments: readonly string[],
): Promise<DirHandle> {
  let current = await openBeneath(calls, from, [], null);
  for (const segment of segments) {
    const next = await enter(calls, current, segment, segment, null).catch(() => null);
    if (next === null) break;
    await closeDir(calls, current);
    current = next;
  }
  return current;
}

/** Closes a handle that nothing was written through. Never throws. */
export async function closeDir(calls: Calls, dir: DirHandle): Promise<void> {
  await closeQuietly(calls, dir.fd);
}

/**
 * The Unicode form of a name that exists in a folder, NFC by default. macOS and archives made there store NFD, which
 * clients see as the same name. Other forms are only found for reading.
 */
export async function existingForm(calls: Calls, folder: DirHandle, name: string): Promise<string> {
  const decomposed = name.normalize("NFD");
  if (decomposed === name) return name;
  const exists = (form: string): Promise<boolean> =>
    calls.lstat(`${folder.path}/${form}`).then(
      () => true,
      () => false,
    );
  return !(await exists(name)) && (await exists(decomposed)) ? decomposed : name;
}

async function enter(
  calls: Calls,
  parent: DirHandle,
  path: string,
  segment: string,
  create: DirSync | null,
): Promise<DirHandle> {
  const inside = `${parent.path}/${await existingForm(calls, parent, segment)}`;
  let found: DirHandle | undefined;
  try {
    found = handleAt(await openFolder(calls, inside), inside);
    await create?.untilDurable(parent);
    return found;
  } catch (error) {
    if (found) await closeDir(calls, found);
    if (found || errnoOf(error) !== "ENOENT" || !create) throw error;
  }
  const above = path.slice(0, Math.max(0, path.length - segment.length - 1));
  await orNotWritable(
    calls,
    [{ at: parent.path, path: above }],
    create.addFolder(parent, () => makeFolder(calls, inside)),
  );
  return handleAt(await openFolder(calls, inside), inside);
}

async function openFolder(calls: Calls, inside: string): Promise<number> {
  try {
    return await calls.open(inside, OPEN_FOLDER);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== "ENOTDIR" && errno !== "ELOOP") throw error;
    // Linux reports ENOTDIR for a link, too.
    if ((await calls.lstat(inside)).isSymbolicLink())
      throw new Problem("link_in_path", "A folder of the path is a link; nothing is written through links.");
    throw new Problem("not_a_folder", "A folder of the path is a file.");
  }
}

async function makeFolder(calls: Calls, inside: string): Promise<void> {
  try {
    await calls.mkdir(inside);
  } catch (error) {
    // A concurrent upload created it in between.
    if (errnoOf(error) !== "EEXIST") throw error;
  }
}
