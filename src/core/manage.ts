// Puts the tree in order: folders made, entries moved and removed.

import { Problem } from "../errors.ts";
import { failedCondition, type Preconditions } from "../http/conditions.ts";
import type { FilePath } from "../path.ts";
import type { FolderEntry } from "../storage/storage.ts";
import { moveByCopy } from "./copying.ts";
import type { Engine } from "./engine.ts";
import { type Placed, place, type Way } from "./place.ts";
import { preconditionFailed } from "./refusals.ts";

/** @throws Problem */
export async function makeFolder(engine: Engine, path: FilePath): Promise<FolderEntry> {
  return await admitted(engine, () => engine.storage.makeFolder(path));
}

/** Moves a file or folder; from another file system it is copied, synced and removed. @throws Problem */
export async function move(engine: Engine, way: Way): Promise<Placed> {
  const { storage, locks } = engine;
  return await admitted(engine, () =>
    locks.holdAll([way.from, way.to], async () => {
      const kind = (await storage.find(way.from))?.kind ?? "file";
      try {
        return await place(engine, way, kind, (to, replace) => storage.move(way.from, to, { replace }));
      } catch (error) {
        if (!(error instanceof Problem) || error.code !== "other_file_system") throw error;
        return await moveByCopy(engine, way);
      }
    }),
  );
}

/** Removes a file, or with `recursive` a folder. @throws Problem */
export async function remove(
  engine: Engine,
  path: FilePath,
  { recursive, conditions = {} }: { recursive: boolean; conditions?: Preconditions },
): Promise<void> {
  const { storage, locks } = engine;
  await admitted(engine, () =>
    locks.hold(path, async () => {
      const failed = failedCondition(conditions, await storage.find(path));
      if (failed !== null) throw preconditionFailed(failed);
      await storage.remove(path, { recursive });
    }),
  );
}

/** A server that stops waits for it. */
async function admitted<T>(engine: Engine, step: () => Promise<T>): Promise<T> {
  const release = engine.admit();
  try {
    return await step();
  } finally {
    release();
  }
}
