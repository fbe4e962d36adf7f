// The trash: moves removed entries into it, lists and restores them, and deletes them for good when they expire.

import { Problem } from "../../errors.ts";
import { checkFilePath, type FilePath } from "../../path.ts";
import type { Entry } from "../../storage/entry.ts";
import { isTrashId, newTrashId, type TrashId, timeOf } from "../../storage/trash.ts";
import { type ClaimedName, claimName, type MoveRequest } from "../naming/conflict.ts";
import type { Uploader } from "../upload/uploader.ts";

/** Seconds between two sweeps for expired entries. */
const LOOK = 600;
/** Entries deleted in one sweep; the next sweep handles the others. */
const MOST_EXPIRED = 1000;

/** Sidecar files read concurrently; each briefly needs two descriptors. */
const TOGETHER = 32;

/** As clients see it. */
export interface TrashedEntry {
  id: string;
  path: string;
  kind: "file" | "folder";
  /** Of files. */
  size?: number;
  deleted: string;
  expires: string;
}

export interface TrashPage {
  entries: TrashedEntry[];
  next: string | null;
}

export class TrashCan {
  readonly #timer: ReturnType<typeof setInterval>;
  #looking: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** @param keep seconds */
  constructor(
    readonly uploader: Uploader,
    readonly keep: number,
  ) {
    this.#look();
    this.#timer = setInterval(() => this.#look(), Math.min(LOOK, keep) * 1000);
    this.#timer.unref();
  }

  /** Puts away what stands under a path. @throws Problem not_found, … */
  async put(path: FilePath, entry: Entry): Promise<void> {
    const { kind } = entry;
    const note = { path, kind, ...(kind === "file" && { size: entry.size }) };
    await this.uploader.storage.trash.put(path, newTrashId(Date.now()), JSON.stringify(note));
  }

  /**
   * A page, the last removed first.
   * @param cursor `next` of the page before
   */
  async list(limit: number, cursor: string | undefined): Promise<TrashPage> {
    const { trash } = this.uploader.storage;
    const ids = (await trash.ids()).sort().reverse();
    const from = cursor === undefined ? ids : ids.filter((id) => id < cursor);
    const shown = from.slice(0, limit);
    const entries: TrashedEntry[] = [];
    for (let at = 0; at < shown.length; at += TOGETHER) {
      const some = shown.slice(at, at + TOGETHER).map(async (id) => this.#entry(id, await trash.text(id)));
      for (const entry of await Promise.all(some)) if (entry) entries.push(entry);
    }
    return {
      entries,
      next: from.length > limit ? (shown.at(-1) ?? null) : null,
    };
  }

  /** Puts it back where it was. @throws Problem not_found, name_taken, not_allowed, … */
  async restore(id: string, conflict: MoveRequest["conflict"]): Promise<ClaimedName> {
    const { uploader } = this;
    const { trash } = uploader.storage;
    const known = this.#known(id);
    return await uploader.track(async () => {
      const entry = this.#entry(known, await trash.text(known));
      if (!entry) throw notThere();
      const to = checkFilePath(entry.path);
      return await uploader.pathLocks.withLock(to, () =>
        claimName(uploader, { to, conflict }, entry.kind, (name, replace) =>
          trash.restore(known, name, { replace }),
        ),
      );
    });
  }

  /** Removes it for good. @throws Problem not_found */
  async remove(id: string): Promise<void> {
    const { uploader } = this;
    const known = this.#known(id);
    await uploader.track(() => uploader.storage.trash.remove(known));
  }

  /** Removes what is too old, at most so much at once. */
  async expire(): Promise<void> {
    const { uploader } = this;
    const { trash } = uploader.storage;
    await uploader.track(async () => {
      const oldest = Date.now() - this.keep * 1000;
      const old = (await trash.ids()).filter((id) => timeOf(id) < oldest).sort();
      for (const id of old.slice(0, MOST_EXPIRED)) {
        if (this.#closed || uploader.draining) return;
        await trash.remove(id);
      }
    });
  }

  /** Resolves when nothing of it goes on. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#looking;
  }

  #look(): void {
    this.#looking = this.#looking
      .then(() => this.expire())
      .catch(() => {
        // A disk that fails is told to those who write; the next look tries again.
      });
  }

  #known(id: string): TrashId {
    if (!isTrashId(id)) throw notThere();
    return id;
  }

  /** `null` when it is gone, or its note is not ours. */
  #entry(id: TrashId, text: string | null): TrashedEntry | null {
    const note = text === null ? null : parse(text);
    if (!note) return null;
    const deleted = timeOf(id);
    const times = {
      deleted: new Date(deleted).toISOString(),
      expires: new Date(deleted + this.keep * 1000).toISOString(),
    };
    return { id, ...note, ...times };
  }
}

function parse(text: string): Pick<TrashedEntry, "path" | "kind" | "size"> | null {
  try {
    const { path, kind, size } = JSON.parse(text);
    if (kind !== "file" && kind !== "folder") return null;
    return { path: checkFilePath(path), kind, ...(typeof size === "number" && { size }) };
  } catch {
    return null;
  }
}

const notThere = (): Problem => new Problem("not_found", "There is no such entry in the trash.");
