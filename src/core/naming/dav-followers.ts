// WebDAV properties and locks when the tree changes: properties follow their entry or are forgotten, and locks of what is moved away or removed are released.

import type { FilePath, FolderPath } from "../../path.ts";
import type { Storage } from "../../storage/storage.ts";
import type { Locks } from "../locks/locks.ts";
import type { Follower } from "./follower.ts";

/** @param storage its properties are others once a root that was not writable at the start has become so */
export function propertyFollower(storage: Pick<Storage, "properties">): Follower {
  return {
    async move(from, step) {
      const moved = await step();
      await storage.properties.move(from, moved.entry.path);
      return moved;
    },
    async remove(path, step) {
      const removed = await step();
      await storage.properties.remove(path);
      return removed;
    },
    // They go with the entry that is put aside.
    replace: (_, step) => step(),
  };
}

/** Locks stay where they are (RFC 4918 section 7.5). */
export function lockFollower(locks: Locks): Follower {
  return {
    async move(from, step) {
      const moved = await step();
      await locks.removeWithin(from);
      return moved;
    },
    async remove(path, step) {
      const removed = await step();
      await locks.removeWithin(path);
      return removed;
    },
    async replace(path, step) {
      const old = locks.within(path);
      const result = await step();
      await locks.removeAll(old);
      return result;
    },
  };
}

/** Forgets the properties of an entry that another program has removed, when a new one takes its path. Never throws. */
export async function forgetProperties(
  { properties }: Pick<Storage, "properties">,
  path: FilePath | FolderPath,
): Promise<void> {
  if (properties.empty || properties.of(path).size === 0) return;
  await properties.remove(path);
}
