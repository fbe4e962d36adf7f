// Pool of partial uploads that stay open between two requests, because the next request usually follows at once.

import type { UploadId } from "../../upload-id.ts";

/** A member of the pool. */
export interface Idle {
  readonly id: UploadId;
  /** Marks it as in use again. */
  reuse(): void;
  /** Syncs and closes it. Never throws. */
  close(): Promise<void>;
}

/** Milliseconds until an idle upload is synced and closed. */
const IDLE_MS = 200;
/** Maximum number of idle uploads; each holds a descriptor. */
const MAX_IDLE = 64;

export class IdleHandles<Upload extends Idle> {
  readonly #idle = new Map<UploadId, { upload: Upload; timer: ReturnType<typeof setTimeout> }>();
  readonly #closing = new Map<UploadId, Promise<void>>();

  /** Whether the pool has room for another upload. */
  get free(): boolean {
    return this.#idle.size < MAX_IDLE;
  }

  put(upload: Upload): void {
    const { id } = upload;
    this.#idle.set(id, { upload, timer: setTimeout(() => void this.close(id), IDLE_MS) });
  }

  /** Removes an idle upload from the pool to use it again; waits if it is just being closed. */
  async reuse(id: UploadId): Promise<Upload | null> {
    const idle = this.#remove(id);
    idle?.reuse();
    if (!idle) await this.#closing.get(id);
    return idle ?? null;
  }

  /** Closes an upload now if it is idle. Never throws. */
  async close(id: UploadId): Promise<void> {
    const idle = this.#remove(id);
    if (idle)
      this.#closing.set(
        id,
        idle.close().finally(() => this.#closing.delete(id)),
      );
    await this.#closing.get(id);
  }

  /** Closes all idle uploads. Never throws. */
  async closeAll(): Promise<void> {
    await Promise.all([...this.#idle.keys(), ...this.#closing.keys()].map((id) => this.close(id)));
  }

  #remove(id: UploadId): Upload | undefined {
    const { upload, timer } = this.#idle.get(id) ?? {};
    clearTimeout(timer);
    this.#idle.delete(id);
    return upload;
  }
}
