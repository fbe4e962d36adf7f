// Changes the dead properties of an entry, those that clients keep with it, and its modification time: all or none.

import type { FilePath } from "../../path.ts";
import { entryNotFound } from "../../storage/problems.ts";
import type { PropertyChange, PropertyMap } from "../../storage/properties.ts";
import type { LockGrants } from "../locks/locks.ts";
import type { Uploader } from "../upload/uploader.ts";

export interface EntryChange {
  dead: PropertyChange;
  /** Null to leave the time as it is. */
  modified: Date | null;
  may: LockGrants;
  /** See `Asker.maker`: an entry that it has just made stays a fresh one. */
  maker: string;
}

/** @throws Problem not_found, locked, too_many_properties, … */
export async function changeProperties(
  uploader: Uploader,
  path: FilePath,
  change: EntryChange,
): Promise<void> {
  const { locks, pathLocks } = uploader;
  await uploader.track(() =>
    pathLocks.withLock(path, () =>
      locks.change({ path, does: "write" }, change.may, () => changeNow(uploader, path, change)),
    ),
  );
}

async function changeNow(
  { storage, fresh }: Uploader,
  path: FilePath,
  { dead, modified, maker }: EntryChange,
): Promise<void> {
  const entry = await storage.find(path);
  if (!entry) throw entryNotFound();
  const { properties } = storage;
  const before = properties.of(path);
  if (dead.set.size + dead.remove.length > 0) await properties.change(path, dead);
  if (modified === null) return;
  try {
    const isFresh = fresh.has(path, entry, maker);
    const changed = await storage.setModified(path, modified);
    if (isFresh) fresh.add(path, changed, maker);
  } catch (error) {
    await properties.change(path, undoing(dead, before));
    throw error;
  }
}

function undoing({ set, remove }: PropertyChange, before: PropertyMap): PropertyChange {
  return { set: before, remove: [...set.keys(), ...remove] };
}
