// One copy: admitted, measured, written to a temporary name, then published atomically; a failure leaves nothing behind.

import { Problem } from "../../errors.ts";
import type { CopyOptions, StoredCopy } from "../../storage/stored-copy.ts";
import { type ClaimedName, claimName, type MoveRequest, refuseEarly } from "../naming/conflict.ts";
import type { Uploader } from "../upload/uploader.ts";

/** Bytes from which on nobody should have to wait for a copy. */
const LARGE = 64 * 1024 * 1024;

export class CopyOperation {
  /** Bytes copied so far. */
  bytes = 0;
  /** Bytes to copy; of a folder 0 until somebody has looked. */
  total = 0;

  private constructor(
    readonly uploader: Uploader,
    readonly way: MoveRequest,
    readonly stored: StoredCopy,
    readonly release: () => void,
  ) {
    if (stored.entry.kind === "file") this.total = stored.entry.size;
  }

  /**
   * Says early what cannot be. The caller ends it with `run` or `discard`.
   * @throws Problem draining, not_found, name_taken, into_itself, …
   */
  static async begin(uploader: Uploader, way: MoveRequest): Promise<CopyOperation> {
    const release = uploader.admit();
    try {
      return new CopyOperation(uploader, way, await beginStored(uploader, way), release);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Whether it may take long. */
  get large(): boolean {
    return this.stored.entry.kind === "folder" || this.total > LARGE;
  }

  /** Copies to the end. When it throws, nothing of it is left. @throws Problem; the reason of the signal */
  async run(signal: AbortSignal): Promise<ClaimedName> {
    const { uploader, way } = this;
    const { kind } = this.stored.entry;
    try {
      await this.#copy({ signal });
      return await uploader.pathLocks.withLock(way.to, () =>
        claimName(uploader, way, kind, (to, replace) => this.stored.finish(to, { replace })),
      );
    } finally {
      await this.discard();
    }
  }

  /** Lets go of everything. Never throws; harmless after the end. */
  async discard(): Promise<void> {
    await this.stored.discard();
    this.release();
  }

  async #copy({ signal }: Pick<CopyOptions, "signal">): Promise<void> {
    this.total = (await this.stored.measure(signal)).bytes;
    const share = await this.uploader.reserve(this.total);
    try {
      await this.stored.run({
        signal,
        took: (bytes) => {
          this.bytes += bytes;
          // What was written meanwhile into what is copied.
          this.total = Math.max(this.total, this.bytes);
          return share.consume(bytes);
        },
      });
    } finally {
      share.release();
    }
  }
}

async function beginStored(uploader: Uploader, way: MoveRequest): Promise<StoredCopy> {
  const { from, to, conflict } = way;
  const { storage } = uploader;
  if (to.startsWith(`${from}/`)) throw new Problem("into_itself", "A folder cannot be copied into itself.");
  if (from === to && conflict === "replace")
    throw new Problem("into_itself", "Source and destination are the same.");
  const stored = await storage.copy(from);
  try {
    refuseEarly(uploader, way, stored.entry.kind, await storage.probe(to));
    return stored;
  } catch (error) {
    await stored.discard();
    throw error;
  }
}

/**
 * A move to another file system, for one who holds the locks of both paths. What it cannot take along makes it fail, and
 * so does what changes meanwhile: the entry stays where it is.
 * @throws Problem
 */
export async function moveByCopy(uploader: Uploader, way: MoveRequest): Promise<ClaimedName> {
  const { storage } = uploader;
  const { signal } = new AbortController();
  const stored = await beginStored(uploader, way);
  try {
    const before = await stored.measure(signal);
    if (before.omitted > 0)
      throw new Problem(
        "other_file_system",
        "It holds links or special files, which stay on their file system.",
      );
    const share = await uploader.reserve(before.bytes);
    try {
      await stored.run({ signal, took: (bytes) => share.consume(bytes), keepTimes: true });
    } finally {
      share.release();
    }
    if (!Bun.deepEquals(before, await stored.measure(signal)))
      throw new Problem("storage_failed", "It was changed while it was moved to another file system.");
    const { kind } = stored.entry;
    const placed = await claimName(uploader, way, kind, (to, replace) => stored.finish(to, { replace }));
    await storage.remove(way.from, { recursive: kind === "folder" });
    return placed;
  } finally {
    await stored.discard();
  }
}
