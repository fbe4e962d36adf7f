// Replaces an entry, also a folder with its contents: the old one is put aside, and comes back if the new one cannot take its name.

import type { FilePath } from "../../path.ts";
import { newTrashId, type TrashId } from "../../storage/trash.ts";
import { countRemoval } from "../admission/quota/changes.ts";
import { claimName } from "../naming/conflict.ts";
import type { Uploader } from "../upload/uploader.ts";

/**
 * Puts the entry at a path into the trash of the storage, and runs the step that gives its name to another entry. Afterwards it
 * is deleted, unless removed entries are kept. If the step fails it gets its name back, or, if that was taken in the meantime, the
 * next free one.
 * @param keep whether the old entry stays in the trash
 * @throws Problem; that of the step
 */
export async function replaceEntry<T>(
  uploader: Uploader,
  path: FilePath,
  { keep }: { keep: boolean },
  step: () => Promise<T>,
): Promise<T> {
  const { trash } = uploader.storage;
  const id = await putAside(uploader, path);
  const result = await step().catch(async (error: unknown) => {
    await putBack(uploader, path, id);
    throw error;
  });
  if (!keep)
    await trash.remove(id).catch(() => {
      // The new entry has its name: what cannot be deleted of the old one stays in the trash.
    });
  return result;
}

async function putAside(uploader: Uploader, path: FilePath): Promise<TrashId> {
  const { storage, pathLocks, quotas, follower } = uploader;
  const id = newTrashId(Date.now(), storage.age);
  await uploader.track(() =>
    pathLocks.withLock(path, () =>
      follower.remove(path, () =>
        countRemoval(quotas, path, () => storage.trash.put(path, id, { recursive: true })),
      ),
    ),
  );
  return id;
}

async function putBack(uploader: Uploader, path: FilePath, id: TrashId): Promise<void> {
  const { trash } = uploader.storage;
  const kind = (await trash.find(id))?.kind ?? "file";
  await claimName(uploader, { to: path, conflict: "rename", may: { replace: false } }, kind, (to) =>
    trash.restore(id, to, { replace: false }),
  );
  await uploader.quotas.recount([path]);
}
