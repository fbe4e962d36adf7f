// Changes the tree: creates folders, moves and removes entries.

import { Problem } from "../../errors.ts";
import { failedCondition, type Preconditions } from "../../http/conditions.ts";
import type { FilePath } from "../../path.ts";
import type { FolderEntry } from "../../storage/entry.ts";
import { type ClaimedName, claimName, type MoveRequest } from "../naming/conflict.ts";
import { preconditionFailed } from "../naming/refusals.ts";
import type { Uploader } from "../upload/uploader.ts";
import { moveByCopy } from "./copy.ts";
import type { TrashCan } from "./trash.ts";

/** @throws Problem */
export async function makeFolder(uploader: Uploader, path: FilePath): Promise<FolderEntry> {
  return await uploader.track(() => uploader.storage.makeFolder(path));
}

/** Moves a file or folder; from another file system it is copied, synced and removed. @throws Problem */
export async function move(uploader: Uploader, way: MoveRequest): Promise<ClaimedName> {
  const { storage, pathLocks: locks } = uploader;
  return await uploader.track(() =>
    locks.withLocks([way.from, way.to], async () => {
      const kind = (await storage.find(way.from))?.kind ?? "file";
      try {
        return await claimName(uploader, way, kind, (to, replace) => storage.move(way.from, to, { replace }));
      } catch (error) {
        if (!(error instanceof Problem) || error.code !== "other_file_system") throw error;
        return await moveByCopy(uploader, way);
      }
    }),
  );
}

/** Removes a file, or with `recursive` a folder; into the trash, if there is one. @throws Problem */
export async function remove(
  uploader: Uploader,
  path: FilePath,
  {
    recursive,
    conditions = {},
    trash = null,
  }: { recursive: boolean; conditions?: Preconditions; trash?: TrashCan | null },
): Promise<void> {
  const { storage, pathLocks: locks } = uploader;
  await uploader.track(() =>
    locks.withLock(path, async () => {
      const there = await storage.find(path);
      const failed = failedCondition(conditions, there);
      if (failed !== null) throw preconditionFailed(failed);
      if (trash && there && (recursive || there.kind === "file")) await trash.put(path, there);
      else await storage.remove(path, { recursive });
    }),
  );
}
