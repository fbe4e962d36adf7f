// Folders and files held open by descriptor, so that a link swapped in meanwhile cannot move what is done with them.

import { constants } from "node:fs";
import { Problem } from "../../../errors.ts";
import { type Calls, closeQuietly } from "../os/calls.ts";
import { errnoOf } from "../os/errno.ts";
import { READ_EXISTING } from "../os/open-flags.ts";

// Not in node:fs; the same number on every processor that Bun runs on.
const O_PATH = 0o10000000;
const OPEN_FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** An open folder or file. Whoever opened it closes it. */
export interface DirHandle {
  fd: number;
  /** A path that leads to this very folder or file, wherever its name is moved. */
  path: string;
}

/**
 * On Linux `/proc/self/fd/N/name` does what `openat(N, name)` does: the kernel goes to the open folder, not to its
 * name. Elsewhere the plain path stands in, and a link swapped in at the right moment would be followed.
 */
const handleAt = (fd: number, plain: string): DirHandle => ({
  fd,
  path: process.platform === "linux" ? `/proc/self/fd/${fd}` : plain,
});

/** Opens a file to be read, following no link at its end, and waiting for no writer of a pipe. */
export async function openFile(calls: Calls, path: string): Promise<DirHandle> {
  return handleAt(await calls.open(path, READ_EXISTING), path);
}

/**
 * Holds whatever a path leads to, following links, without opening it: no device and no pipe hears of it, and what may be
 * read is not asked. `null` where the system has no such thing: all but Linux. To be let go of by `drop`.
 */
export async function openPath(calls: Calls, path: string): Promise<DirHandle | null> {
  return process.platform === "linux" ? handleAt(await calls.open(path, O_PATH), path) : null;
}

/** Opens the file that is held, to be read. */
export function reopenFile(calls: Calls, { fd, path }: DirHandle): DirHandle {
  return handleAt(calls.reopen(fd), path);
}

/** Where what is open really is: on Linux the kernel says it of the descriptor itself. */
export async function currentPath(calls: Calls, { path }: DirHandle): Promise<string> {
  return process.platform === "linux" ? await calls.readlink(path) : await calls.realpath(path);
}

/** Opens a folder by its path, which an administrator gave: links in it are followed, but not at its end. */
export async function openDir(calls: Calls, path: string): Promise<DirHandle> {
  return handleAt(await calls.open(path, OPEN_FOLDER), path);
}

/**
 * Opens the folder that the segments lead to, one by one, following no link.
 * @param create makes missing folders and syncs them into theirs
 * @returns an dir of its own, to be closed by the caller, also when there are no segments
 * @throws Problem link_in_path, not_a_folder; the system's own error otherwise (ENOENT when missing)
 */
export async function openBeneath(
  calls: Calls,
  from: DirHandle,
  segments: readonly string[],
  create: boolean,
): Promise<DirHandle> {
  let current = handleAt(await calls.open(`${from.path}/.`, OPEN_FOLDER), from.path);
  for (const segment of segments) {
    const parent = current;
    try {
      current = await enter(calls, parent, segment, create);
    } finally {
      await closeDir(calls, parent);
    }
  }
  return current;
}

/** Closes an dir. Never throws: a folder that was only looked at has nothing to lose. */
export async function closeDir(calls: Calls, dir: DirHandle): Promise<void> {
  await closeQuietly(calls, dir.fd);
}

/**
 * The name an entry has, or would get: macOS, and archives made there, decompose letters, and such a name is the
 * same to clients. Other forms are found for reading only.
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

async function enter(calls: Calls, parent: DirHandle, segment: string, create: boolean): Promise<DirHandle> {
  const inside = `${parent.path}/${await existingForm(calls, parent, segment)}`;
  try {
    return handleAt(await openFolder(calls, inside), inside);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT" || !create) throw error;
  }
  await makeFolder(calls, parent, inside);
  return handleAt(await openFolder(calls, inside), inside);
}

async function openFolder(calls: Calls, inside: string): Promise<number> {
  try {
    return await calls.open(inside, OPEN_FOLDER);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== "ENOTDIR" && errno !== "ELOOP") throw error;
    // Linux says ENOTDIR for a link as well.
    if ((await calls.lstat(inside)).isSymbolicLink())
      throw new Problem("link_in_path", "A folder of the path is a link; nothing is written through links.");
    throw new Problem("not_a_folder", "A folder of the path is a file.");
  }
}

async function makeFolder(calls: Calls, parent: DirHandle, inside: string): Promise<void> {
  try {
    await calls.mkdir(inside);
  } catch (error) {
    // Another upload made it between our look and now.
    if (errnoOf(error) !== "EEXIST") throw error;
  }
  await calls.sync(parent.fd);
}
