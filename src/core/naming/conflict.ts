// The conflict policy: which name an entry gets when the requested one is taken, by `conflict` and the grants.

import type { Conflict } from "../../config/config.ts";
import { Problem } from "../../errors.ts";
import { type FilePath, nameOf } from "../../path.ts";
import type { Entry } from "../../storage/entry.ts";
import type { Storage } from "../../storage/storage.ts";
import type { LockGrants, Locks } from "../locks/locks.ts";
import { claimNumbered } from "./numbered-name.ts";
import type { PathLocks } from "./path-locks.ts";
import { nameIsFolder, nameTaken, replaceNotAllowed } from "./refusals.ts";

/** The part of the uploader that naming needs. */
export interface NamingServices {
  readonly storage: Storage;
  readonly numberingLocks: PathLocks;
  readonly locks: Pick<Locks, "change">;
}

/** The rights of the client at the destination, decided when the request was made. */
export interface NameGrants extends LockGrants {
  /** Whether it may give an existing name new content. */
  replace: boolean;
  /** Whether it may learn that a file is there already. */
  read: boolean;
  /** False when it may not use other names in the same folder: `conflict=rename` is then as `fail`. */
  rename?: false;
}

/** Source, destination, and what to do when the destination exists. */
export interface MoveRequest {
  from: FilePath;
  to: FilePath;
  conflict: Conflict;
  may: MoveGrants;
}

/** The rights of the client at the destination of a move; its locks count at the source, too. */
export type MoveGrants = Omit<NameGrants, "read"> & LockGrants;

/** The entry under the name it got. */
export interface ClaimedName<E extends Entry = Entry> {
  entry: E;
  /** True when it replaced a file. */
  replaced: boolean;
  /** The requested name, when it was taken and another one was used. */
  renamedFrom?: string;
}

/**
 * Publishes an entry under the requested name, or under the next free one with `conflict=rename`. The caller of
 * `conflict=replace` must hold the lock of the path.
 * @param publish gives the entry a name; fails with `name_taken` when the name exists and cannot be replaced
 * @param lock acquires the lock under which the next free number is searched
 * @throws Problem name_taken, not_allowed, locked, and those of `publish`
 */
export async function claimName<E extends Entry>(
  { storage, numberingLocks, locks }: NamingServices,
  { to, conflict, may }: Pick<MoveRequest, "to" | "conflict" | "may">,
  kind: Entry["kind"],
  publish: (to: FilePath, replace: boolean) => Promise<ClaimedName<E>>,
  lock: PathLocks["withLock"] = (path, step) => numberingLocks.withLock(path, step),
): Promise<ClaimedName<E>> {
  const replace = conflict === "replace" && may.replace;
  const publishPermitted = (name: FilePath, replaces: boolean): Promise<ClaimedName<E>> =>
    locks.change({ path: name, does: replaces ? "write" : "create" }, may, () => publish(name, replaces));
  try {
    return await publishPermitted(to, replace);
  } catch (error) {
    if (!isTaken(error)) throw error;
    if (conflict === "fail" || (conflict === "rename" && may.rename === false)) throw nameTaken(error.cause);
    if (conflict === "replace") {
      // The storage's own message says why this entry cannot be replaced.
      if (replace || kind === "folder") throw error;
      throw replaceNotAllowed();
    }
  }
  const publishIfFree = async (name: FilePath): Promise<ClaimedName<E> | null> => {
    try {
      return await publishPermitted(name, false);
    } catch (error) {
      if (isTaken(error)) return null;
      throw error;
    }
  };
  const published = await lock(to, () => claimNumbered(storage, to, publishIfFree, kind));
  return { ...published, renamedFrom: nameOf(to) };
}

/**
 * Rejects before any bytes move what `claimName` would reject at the end.
 * @param source the upload, or the kind of the entry that is copied or moved
 * @param current the entry that has the name now
 * @throws Problem name_taken, is_folder, not_allowed
 */
export function refuseEarly(
  { conflict, may }: Pick<MoveRequest, "conflict" | "may">,
  source: Entry["kind"] | "upload",
  current: Entry | null,
): void {
  const renames = conflict === "rename" && may.rename !== false;
  if (current === null || renames) return;
  const taken = conflict !== "replace" || source === "folder";
  // An upload onto a folder is probably a mistake in its URL, so the problem says that the name is a folder.
  if (current.kind === "folder" && (source === "upload" || !taken)) throw nameIsFolder();
  if (taken) throw nameTaken();
  if (!may.replace) throw replaceNotAllowed();
}

function isTaken(error: unknown): error is Problem {
  return error instanceof Problem && error.code === "name_taken";
}
