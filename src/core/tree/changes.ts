// Creates folders, and moves and removes entries.

import { Problem } from "../../errors.ts";
import { failedCondition, type Preconditions, unconditional } from "../../http/conditions.ts";
import type { FilePath } from "../../path.ts";
import type { FolderEntry } from "../../storage/entry.ts";
import { countMove, countRemoval } from "../admission/quota/changes.ts";
import type { LockGrants } from "../locks/locks.ts";
import { type ClaimedName, claimName, type MoveRequest } from "../naming/conflict.ts";
import { forgetProperties } from "../naming/dav-followers.ts";
import { preconditionFailed } from "../naming/refusals.ts";
import type { Uploader } from "../upload/uploader.ts";
import { moveByCopy } from "./copy.ts";
import type { TrashCan } from "./trash.ts";

/** Creates a folder, and missing folders above it. @throws Problem name_taken, locked, … */
export async function makeFolder(
  uploader: Uploader,
  path: FilePath,
  may: LockGrants = {},
): Promise<FolderEntry> {
  const { storage, locks } = uploader;
  return await uploader.track(() =>
    locks.change({ path, does: "create" }, may, async () => {
      const folder = await storage.makeFolder(path);
      await forgetProperties(storage, path);
      return folder;
    }),
  );
}

/** Moves a file or folder. To another file system it is copied and synced, and the source is then removed. @throws Problem */
export async function move(uploader: Uploader, request: MoveRequest): Promise<ClaimedName> {
  const { storage, pathLocks, quotas, followers, locks } = uploader;
  const { from, to, may } = request;
  const moveNow = async (): Promise<ClaimedName> => {
    const kind = (await storage.find(from))?.kind ?? "file";
    try {
      return await claimName(uploader, request, kind, (name, replace) =>
        countMove(quotas, { from, to: name, kind, replace }, () => storage.move(from, name, { replace })),
      );
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "other_file_system") throw error;
      return await moveByCopy(uploader, request);
    }
  };
  return await uploader.track(() =>
    pathLocks.withLocks([from, to], () =>
      locks.change({ path: from, does: "remove" }, may, () => followers.move(from, moveNow)),
    ),
  );
}

/** Removes a file, or with `recursive` a folder. With `trash`, the entry is moved there instead of deleted. @throws Problem */
export async function remove(
  uploader: Uploader,
  path: FilePath,
  {
    recursive,
    conditions = {},
    trash = null,
    may = {},
  }: { recursive: boolean; conditions?: Preconditions; trash?: TrashCan | null; may?: LockGrants },
): Promise<void> {
  const { storage, pathLocks, quotas, followers, locks } = uploader;
  await uploader.track(() =>
    pathLocks.withLock(path, async () => {
      const failed = unconditional(conditions) ? null : failedCondition(conditions, await storage.find(path));
      if (failed !== null) throw preconditionFailed(failed);
      // With a trash nothing is deleted for good, not even what takes the name at this moment.
      const removeNow = () => (trash ? trash.put(path, { recursive }) : storage.remove(path, { recursive }));
      await locks.change({ path, does: "remove" }, may, () =>
        followers.remove(path, () => countRemoval(quotas, path, removeNow)),
      );
    }),
  );
}
