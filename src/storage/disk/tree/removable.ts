// Looks for what would stop the removal of a folder halfway, before anything of it is touched.

import { type BigIntStats, constants, type Dirent } from "node:fs";
import { Problem } from "../../../errors.ts";
import { MAX_SEGMENTS } from "../../../path.ts";
import { notRemovable } from "../../problems.ts";
import { closeDir, currentPath, type DirHandle, openDir } from "../at/handle.ts";
import type { Location } from "../at/locate.ts";
import type { Calls } from "../os/calls.ts";
import { errnoOf, ignoreErrno } from "../os/errno.ts";
import { mountsBelow } from "../os/mounts.ts";

/** Entries examined concurrently. */
const BATCH = 64;
const STICKY = 0o1000n;
const ALL_RIGHTS = constants.R_OK | constants.W_OK | constants.X_OK;
const REFUSED: ReadonlySet<string> = new Set(["EACCES", "EPERM"]);
// Removed or replaced since the folder was read, a link that leads nowhere, or a name that is not valid text.
const NOT_THERE: ReadonlySet<string> = new Set(["ENOENT", "ELOOP", "ENOTDIR", "ENAMETOOLONG"]);

/**
 * Checks that another file system is mounted nowhere below a folder.
 * @param path the folder's path for messages
 * @throws Problem mount_point, which names the place
 */
export async function assertNoMounts(calls: Calls, folder: DirHandle, path: string): Promise<void> {
  const [mount] = await mountsBelow(calls, await currentPath(calls, folder));
  if (mount !== undefined) throw mountedAt(`${path}/${mount}`);
}

/**
 * Checks that a folder can be deleted with its contents: no file system is mounted in it, and nothing in it is kept by the
 * rights of a folder, a sticky bit or the attribute "immutable". Folders more than 64 levels down are not examined.
 * @param path the folder's path for messages
 * @throws Problem mount_point, no_access, which name the entry; the system's error otherwise
 */
export async function assertRemovable(calls: Calls, folder: DirHandle, path: string): Promise<void> {
  await assertNoMounts(calls, folder, path);
  const { dev } = calls.stat(folder.fd);
  await new Examination(calls, dev, BigInt(process.geteuid?.() ?? 0)).folder(folder, path, 1);
}

/** Checks that an entry, a folder with its contents, can be deleted from its folder. @throws as `assertRemovable` */
export async function assertEntryRemovable(
  calls: Calls,
  { folder, at }: Location,
  path: string,
  stat: BigIntStats,
): Promise<void> {
  await calls.access(`${folder.path}/.`, constants.W_OK | constants.X_OK).catch(refused(path));
  if (stat.isDirectory()) await inFolder(calls, at, path, (dir) => assertRemovable(calls, dir, path));
}

/** Runs `step` with a folder open. @throws Problem no_access */
export async function inFolder<T>(
  calls: Calls,
  at: string,
  path: string,
  step: (folder: DirHandle) => Promise<T>,
): Promise<T> {
  const folder = await openDir(calls, at).catch(refused(path));
  try {
    return await step(folder);
  } finally {
    await closeDir(calls, folder);
  }
}

/** Turns a refusal of the system into `no_access`, which names the entry. */
export function refused(path: string): (error: unknown) => never {
  return (error) => {
    throw REFUSED.has(errnoOf(error) ?? "") ? notRemovable(path, error) : error;
  };
}

class Examination {
  constructor(
    readonly calls: Calls,
    readonly dev: bigint,
    readonly user: bigint,
  ) {}

  async folder(dir: DirHandle, path: string, depth: number): Promise<void> {
    const { calls, user } = this;
    const { dev, mode, uid } = calls.stat(dir.fd);
    if (dev !== this.dev) throw mountedAt(path);
    const entries = await this.#removable(path, calls.readdir(dir.path));
    // Without entries only the rights of the folder above count.
    if (!entries || entries.length === 0) return;
    await this.#removable(path, calls.access(`${dir.path}/.`, ALL_RIGHTS));
    const owned = (mode & STICKY) !== 0n && user !== 0n && user !== uid;
    const folders = entries.filter((entry) => entry.isDirectory());
    for (let at = 0; at < entries.length; at += BATCH)
      await Promise.all(
        entries.slice(at, at + BATCH).map((entry) => this.#entry(dir, entry, `${path}/${entry.name}`, owned)),
      );
    if (depth === MAX_SEGMENTS) return;
    for (const { name } of folders) await this.#below(`${dir.path}/${name}`, `${path}/${name}`, depth + 1);
  }

  /** @param owned whether only the owner of an entry may remove it */
  async #entry(dir: DirHandle, entry: Dirent, path: string, owned: boolean): Promise<void> {
    const { calls, user } = this;
    const at = `${dir.path}/${entry.name}`;
    if (owned) {
      const stat = await ignoreErrno(NOT_THERE, calls.lstat(at));
      if (stat && stat.uid !== user) throw notRemovable(path);
    }
    // access() would ask for the target of a link. Whether the server may write to a file does not matter: an immutable
    // file is told by EPERM, which comes before the rights, and says EACCES.
    if (entry.isSymbolicLink()) return;
    await ignoreErrno(NOT_THERE, calls.access(at, constants.W_OK)).catch((error: unknown) => {
      if (errnoOf(error) === "EPERM") throw notRemovable(path, error);
    });
  }

  async #below(at: string, path: string, depth: number): Promise<void> {
    const dir = await this.#removable(path, openDir(this.calls, at));
    if (!dir) return;
    try {
      await this.folder(dir, path, depth);
    } finally {
      await closeDir(this.calls, dir);
    }
  }

  /** `null` when the entry is no longer there. @throws Problem no_access */
  async #removable<T>(path: string, call: Promise<T>): Promise<T | null> {
    return await ignoreErrno(NOT_THERE, call).catch(refused(path));
  }
}

function mountedAt(path: string): Problem {
  return new Problem(
    "mount_point",
    `Another file system is mounted at \`${path}\`. Unmount it, or delete what is beside it.`,
  );
}
