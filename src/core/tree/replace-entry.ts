// Replaces an entry, also a folder with its contents: the old one is put aside, and comes back if the new one cannot take its name.

import type { FilePath } from "../../path.ts";
import { trashPlace } from "../../storage/properties.ts";
import type { TrashId } from "../../storage/trash.ts";
import { countRemoval } from "../admission/quota/changes.ts";
import type { LockGrants } from "../locks/locks.ts";
import { claimName, type NamingServices } from "../naming/conflict.ts";
import type { Uploader } from "../upload/uploader.ts";
import { putIntoTrash, removeFromTrash } from "./trash.ts";

/** Whatever is locked by now, an entry that was put aside comes back. */
const WITHOUT_LOCKS: NamingServices["locks"] = { change: (_change, _may, step) => step() };

/**
 * Puts the entry at a path into the trash of the storage, and runs the step that gives its name to another entry. Afterwards it
 * is deleted, unless removed entries are kept. If the step fails it gets its name back, or, if that was taken in the meantime, the
 * next free one.
 * @param keep whether the old entry stays in the trash
 * @param may the locks of the client
 * @throws Problem; that of the step
 */
export async function replaceEntry<T>(
  uploader: Uploader,
  path: FilePath,
  { keep, may = {} }: { keep: boolean; may?: LockGrants },
  step: () => Promise<T>,
): Promise<T> {
  const { storage } = uploader;
  const { trash } = storage;
  // As one change: a server that stops waits for all of it.
  return await uploader.track(async () => {
    const { id, result } = await uploader.followers.replace(path, async () => {
      const id = await putAside(uploader, path, may);
      const result = await step().catch(async (error: unknown) => {
        await putBack(uploader, path, id);
        throw error;
      });
      return { id, result };
    });
    if (keep) {
      await trash.keep(id);
      return result;
    }
    await removeFromTrash(storage, id)
      // The new entry has its name: what cannot be deleted of the old one stays in the trash, like a removed entry.
      .catch(() => trash.keep(id))
      .catch(() => {
        // It is still marked as put aside: the next start keeps it, unless its name is free by then.
      });
    return result;
  });
}

async function putAside(uploader: Uploader, path: FilePath, may: LockGrants): Promise<TrashId> {
  const { storage, pathLocks, quotas, locks } = uploader;
  const putNow = () => putIntoTrash(storage, path, { recursive: true, aside: true });
  return await pathLocks.withLock(path, () =>
    locks.change({ path, does: "remove" }, may, () => countRemoval(quotas, path, putNow)),
  );
}

async function putBack(uploader: Uploader, path: FilePath, id: TrashId): Promise<void> {
  const { storage, numberingLocks, quotas } = uploader;
  const { trash, properties } = storage;
  const kind = (await trash.find(id))?.kind ?? "file";
  const { entry } = await claimName(
    { storage, numberingLocks, locks: WITHOUT_LOCKS },
    { to: path, conflict: "rename", may: { replace: false } },
    kind,
    (to) => trash.restore(id, to, { replace: false }),
  );
  await properties.move(trashPlace(id), entry.path);
  await quotas.recount([path]);
}
