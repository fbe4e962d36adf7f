// The trash: moves removed entries into it, lists and restores them, and deletes them for good when they expire.

import { asProblem, Problem } from "../../errors.ts";
import type { FilePath } from "../../path.ts";
import { trashPlace } from "../../storage/properties.ts";
import type { Storage } from "../../storage/storage.ts";
import {
  ageOf,
  isTrashId,
  newTrashId,
  type Trash,
  type Trashed,
  type TrashId,
  timeOf,
} from "../../storage/trash.ts";
import { countArrival } from "../admission/quota/changes.ts";
import { type ClaimedName, claimName, type MoveGrants, type MoveRequest } from "../naming/conflict.ts";
import type { Uploader } from "../upload/uploader.ts";

/** Seconds between two sweeps for expired entries, at most. */
const SWEEP_INTERVAL = 600;
/** Entries deleted in one sweep; the next sweep handles the others. */
const SWEEP_BATCH = 1000;

/** Problems of the storage as a whole, not of one entry: the next sweep tries again. */
const OF_THE_STORAGE: ReadonlySet<string> = new Set([
  "storage_gone",
  "storage_read_only",
  "storage_full",
  "out_of_files",
]);

/** Sidecar files read concurrently; each briefly needs two descriptors. */
const READ_BATCH = 32;

/** An entry in the trash, as clients see it. */
export interface TrashedEntry extends Trashed {
  id: string;
  deleted: string;
  expires: string;
}

export interface TrashPage {
  entries: TrashedEntry[];
  /** The cursor of the next page; null on the last. */
  next: string | null;
}

export class TrashCan {
  readonly #timer: ReturnType<typeof setInterval>;
  #sweeping: Promise<unknown> = Promise.resolve();
  #closed = false;
  /** Expired entries that could not be deleted; not tried again before the next start. */
  readonly #stuck = new Set<TrashId>();

  /**
   * @param keep seconds until an entry expires
   * @param warn tells the operator what could not be deleted
   */
  constructor(
    readonly uploader: Uploader,
    readonly keep: number,
    readonly warn: (message: string) => void,
  ) {
    this.#sweep();
    this.#timer = setInterval(() => this.#sweep(), Math.min(SWEEP_INTERVAL, keep) * 1000);
    this.#timer.unref();
  }

  /** Moves an entry into the trash. @throws Problem not_found, is_folder, … */
  async put(path: FilePath, options: { recursive: boolean }): Promise<void> {
    await putIntoTrash(this.uploader.storage, path, options);
  }

  /**
   * Returns one page, most recently removed first.
   * @param cursor `next` of the previous page
   * @param sees whether the client may know of an entry that had this path
   */
  async list(
    limit: number,
    cursor: string | undefined,
    sees: (path: FilePath) => boolean = () => true,
  ): Promise<TrashPage> {
    const { trash } = this.uploader.storage;
    const ids = (await trash.ids()).sort().reverse();
    const remaining = cursor === undefined ? ids : ids.filter((id) => id < cursor);
    const entries: TrashedEntry[] = [];
    // One more than the page has tells whether there is another page.
    for (let at = 0; at < remaining.length && entries.length <= limit; at += READ_BATCH) {
      const batch = remaining.slice(at, at + READ_BATCH);
      const found = await Promise.all(batch.map((id) => trash.find(id)));
      for (const [index, id] of batch.entries()) {
        const trashed = found[index];
        if (trashed && sees(trashed.path)) entries.push({ id, ...trashed, ...this.#times(id) });
      }
    }
    const page = entries.slice(0, limit);
    return { entries: page, next: entries.length > limit ? (page.at(-1)?.id ?? null) : null };
  }

  /**
   * Moves an entry back to its path.
   * @param permit decides for the path of the entry; throws when the client may not write there
   * @throws Problem not_found, name_taken, not_allowed, …
   */
  async restore(
    id: string,
    conflict: MoveRequest["conflict"],
    permit: (path: FilePath) => MoveGrants,
  ): Promise<ClaimedName> {
    const { uploader } = this;
    const { quotas, storage } = uploader;
    const { trash, properties } = storage;
    const trashId = checkId(id);
    return await uploader.track(async () => {
      const entry = await trash.find(trashId);
      if (!entry) throw notInTrash();
      const { path: to, kind } = entry;
      const may = permit(to);
      return await uploader.pathLocks.withLock(to, async () => {
        const claimed = await claimName(uploader, { to, conflict, may }, kind, async (name, replace) => {
          // As for a copy, quotas of folders inside it count, too.
          const inside = kind === "folder" ? quotas.below(name) : [];
          const limited = quotas.above(name, kind).length + inside.length > 0;
          const size = entry.size ?? (limited ? await trash.measure(trashId) : 0);
          const replaced = replace ? await quotas.sizeOf(name) : 0;
          using claim = await quotas.claim({ path: name, kind, size, replaced });
          const restored = { to: name, kind, size, replace };
          return await countArrival(quotas, claim, restored, () => trash.restore(trashId, name, { replace }));
        });
        await properties.move(trashPlace(trashId), claimed.entry.path);
        return claimed;
      });
    });
  }

  /**
   * Deletes an entry for good.
   * @param permit throws when the client may not delete at the path that the entry had
   * @throws Problem not_found
   */
  async remove(id: string, permit: (path: FilePath) => void = () => {}): Promise<void> {
    const { uploader } = this;
    const { trash } = uploader.storage;
    const trashId = checkId(id);
    await uploader.track(async () => {
      const entry = await trash.find(trashId);
      if (!entry) throw notInTrash();
      permit(entry.path);
      await removeFromTrash(uploader.storage, trashId);
    });
  }

  /** Deletes expired entries, the oldest `SWEEP_BATCH` of them. One that cannot be deleted stays whole. @throws Problem */
  async expire(): Promise<void> {
    const { uploader } = this;
    const { storage } = uploader;
    await uploader.track(async () => {
      const expired = (await storage.trash.ids()).filter((id) => this.#expired(id)).sort();
      // Without this filter, a batch of entries that cannot be deleted would hold up all later ones.
      for (const id of expired.filter((id) => !this.#stuck.has(id)).slice(0, SWEEP_BATCH)) {
        if (this.#closed || uploader.draining) return;
        await removeFromTrash(storage, id).catch((error: unknown) => this.#skip(id, asProblem(error)));
      }
    });
  }

  /** Stops sweeping, and resolves when a running sweep has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#sweeping;
  }

  #sweep(): void {
    this.#sweeping = this.#sweeping
      .then(() => this.expire())
      .catch(() => {
        // Requests that write report a failing disk; the next sweep tries again.
      });
  }

  /** Both the system clock and the age of the storage must agree: setting the clock forward must not empty the trash. */
  #expired(id: TrashId): boolean {
    const keep = this.keep * 1000;
    return timeOf(id) + keep < Date.now() && ageOf(id) + keep < this.uploader.storage.age;
  }

  /** Handles a failed deletion. @throws the problem if it concerns the whole storage */
  #skip(id: TrashId, problem: Problem): void {
    // Restored or deleted by a request since it was listed.
    if (problem.code === "not_found") return;
    if (OF_THE_STORAGE.has(problem.code)) throw problem;
    this.#stuck.add(id);
    this.warn(`An expired entry of the trash cannot be deleted and is kept: ${problem.detail}`);
  }

  #times(id: TrashId): Pick<TrashedEntry, "deleted" | "expires"> {
    const deleted = timeOf(id);
    return {
      deleted: new Date(deleted).toISOString(),
      expires: new Date(deleted + this.keep * 1000).toISOString(),
    };
  }
}

/** Moves an entry with its properties into the trash. @throws Problem */
export async function putIntoTrash(
  { trash, age, properties }: Storage,
  path: FilePath,
  options: Parameters<Trash["put"]>[2],
): Promise<TrashId> {
  const id = newTrashId(Date.now(), age);
  await trash.put(path, id, options);
  await properties.move(path, trashPlace(id));
  return id;
}

/** Deletes an entry with its properties for good. @throws Problem; the entry and its properties are whole then */
export async function removeFromTrash({ trash, properties }: Storage, id: TrashId): Promise<void> {
  await trash.remove(id);
  await properties.remove(trashPlace(id));
}

/** @throws Problem not_found */
function checkId(id: string): TrashId {
  if (!isTrashId(id)) throw notInTrash();
  return id;
}

const notInTrash = (): Problem =>
  new Problem(
    "not_found",
    "The trash has no entry with this id. It may have been restored or deleted, or have expired.",
  );
