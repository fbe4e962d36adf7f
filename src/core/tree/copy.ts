// Copies a file or folder: measures it, writes it under a temporary name, then publishes it atomically; a failure leaves nothing behind.

import { Problem } from "../../errors.ts";
import { checkReach } from "../../path.ts";
import type { StoredCopy } from "../../storage/stored-copy.ts";
import { countRemoval } from "../admission/quota/changes.ts";
import type { Wanted } from "../admission/quota/claim.ts";
import type { Reservation } from "../admission/reservation.ts";
import { type ClaimedName, claimName, type MoveRequest, refuseEarly } from "../naming/conflict.ts";
import type { Uploader } from "../upload/uploader.ts";

/** Bytes. A larger copy takes too long for one request. */
const LARGE = 64 * 1024 * 1024;

/** Runs the step that publishes a copy. */
export type Placing = <T>(publish: () => Promise<T>) => Promise<T>;

export class CopyOperation {
  /** Bytes copied so far. */
  bytes = 0;
  /** Bytes to copy; 0 until a folder has been measured. */
  total = 0;
  /** Links and special files that were left out. */
  skipped = 0;

  private constructor(
    readonly uploader: Uploader,
    readonly request: MoveRequest,
    readonly stored: StoredCopy,
    readonly releaseSlot: () => void,
  ) {
    if (stored.entry.kind === "file") this.total = stored.entry.size;
  }

  /**
   * Acquires an upload slot and rejects early what cannot succeed. The caller must call `run` or `discard` on the result.
   * @param over whether the entry that has the name now will be put aside: see `run`
   * @throws Problem draining, not_found, name_taken, into_itself, …
   */
  static async begin(uploader: Uploader, request: MoveRequest, over = false): Promise<CopyOperation> {
    const releaseSlot = uploader.admit();
    try {
      return new CopyOperation(uploader, request, await beginStored(uploader, request, over), releaseSlot);
    } catch (error) {
      releaseSlot();
      throw error;
    }
  }

  /** Whether it should run in the background, because it may take long. */
  get large(): boolean {
    return this.stored.entry.kind === "folder" || this.total > LARGE;
  }

  /**
   * Copies everything and publishes the copy. When it throws, the copy was discarded.
   * @param place runs when all is copied; by default it only publishes
   * @throws Problem; the reason of the signal
   */
  async run(signal: AbortSignal, place: Placing = (publish) => publish()): Promise<ClaimedName> {
    const { uploader, request } = this;
    const { kind } = this.stored.entry;
    try {
      using reservation = await this.#reserve(signal);
      await this.#copy(signal, reservation);
      return await place(() =>
        uploader.pathLocks.withLock(request.to, async () => {
          const claimed = await claimName(uploader, request, kind, (to, replace) =>
            reservation.publish({ to, kind, size: this.bytes, replace }, () =>
              this.stored.finish(to, { replace }),
            ),
          );
          const { properties } = uploader.storage;
          await properties.copy(request.from, claimed.entry.path);
          return claimed;
        }),
      );
    } finally {
      await this.discard();
    }
  }

  /** Deletes an unpublished copy and releases the slot. Never throws. Calling it again has no effect. */
  async discard(): Promise<void> {
    await this.stored.discard();
    this.releaseSlot();
  }

  async #reserve(signal: AbortSignal): Promise<Reservation> {
    const { bytes: total, reach } = await this.stored.measure(signal);
    this.total = total;
    checkReach(this.request.to, reach);
    return await reserve(this.uploader, this.request, { kind: this.stored.entry.kind, size: total });
  }

  async #copy(signal: AbortSignal, reservation: Reservation): Promise<void> {
    const { omitted } = await this.stored.run({
      signal,
      took: (bytes) => {
        this.bytes += bytes;
        // The source may grow while it is copied.
        this.total = Math.max(this.total, this.bytes);
        return reservation.consume(bytes);
      },
    });
    this.skipped = omitted;
  }
}

/** Reserves the bytes of a copy. @param from the source, if it is removed afterwards. @throws Problem quota_exceeded, storage_full */
async function reserve(
  uploader: Uploader,
  { to: path, conflict }: MoveRequest,
  { kind, size, from }: Pick<Wanted, "kind" | "size" | "from">,
): Promise<Reservation> {
  const replaced = await uploader.quotas.replacedBy(path, conflict);
  return await uploader.reserve({ path, kind, size, replaced, from });
}

/** Begins the copy of a storage, unless it cannot succeed. @throws Problem */
async function beginStored(uploader: Uploader, request: MoveRequest, over = false): Promise<StoredCopy> {
  const { from, to, conflict } = request;
  const { storage } = uploader;
  if (to.startsWith(`${from}/`)) throw new Problem("into_itself", "A folder cannot be copied into itself.");
  if (from === to && conflict === "replace")
    throw new Problem("into_itself", "Source and destination are the same.");
  const stored = await storage.copy(from, to);
  try {
    const does = conflict === "replace" ? "write" : "create";
    await uploader.locks.permit({ path: to, does }, request.may);
    const current = await storage.probe(to);
    if (!over) refuseEarly(request, stored.entry.kind, current);
    return stored;
  } catch (error) {
    await stored.discard();
    throw error;
  }
}

/**
 * Moves an entry from another file system: copies it, publishes the copy, then removes what was copied. The caller must hold
 * the locks of both paths.
 * @throws Problem source_changed, and others when the source cannot be copied completely; what was not moved stays where it is
 */
export async function moveByCopy(uploader: Uploader, request: MoveRequest): Promise<ClaimedName> {
  const { signal } = new AbortController();
  const { quotas } = uploader;
  const { from } = request;
  const stored = await beginStored(uploader, request);
  const { kind } = stored.entry;
  try {
    const measured = await stored.measure(signal);
    checkReach(request.to, measured.reach);
    if (measured.omitted > 0)
      throw new Problem(
        "other_file_system",
        `The folder contains ${measured.omitted} links or special files, which cannot be moved to another file system.`,
      );
    using reservation = await reserve(uploader, request, { kind, size: measured.bytes, from });
    await stored.run({ signal, took: (bytes) => reservation.consume(bytes), move: true });
    if (!Bun.deepEquals(measured, await stored.measure(signal)))
      throw new Problem(
        "source_changed",
        "The source changed while it was copied to another file system. Nothing was moved: try again.",
      );
    const claimed = await claimName(uploader, request, kind, (to, replace) =>
      reservation.publish({ to, kind, size: measured.bytes, replace }, () => stored.finish(to, { replace })),
    );
    await countRemoval(quotas, from, () => stored.removeSource());
    return claimed;
  } finally {
    await stored.discard();
  }
}
