// Kept uploads between two requests: open for a moment, because the next request mostly comes at once.

import type { UploadId } from "../../upload-id.ts";

/** What can rest. */
export interface Idle {
  readonly id: UploadId;
  /** It is in use again. */
  reuse(): void;
  /** Syncs it and lets go of it. Never throws. */
  close(): Promise<void>;
}

/** Milliseconds until what rests is synced and closed. */
const IDLE_MS = 200;
/** Uploads that rest at once: each holds a descriptor. */
const MAX_IDLE = 64;

export class IdleHandles<Upload extends Idle> {
  readonly #idle = new Map<UploadId, { upload: Upload; timer: ReturnType<typeof setTimeout> }>();
  readonly #closing = new Map<UploadId, Promise<void>>();

  /** Whether another one may rest. */
  get free(): boolean {
    return this.#idle.size < MAX_IDLE;
  }

  put(upload: Upload): void {
    const { id } = upload;
    this.#idle.set(id, { upload, timer: setTimeout(() => void this.close(id), IDLE_MS) });
  }

  /** What rested, in use again. */
  async reuse(id: UploadId): Promise<Upload | null> {
    const idle = this.#remove(id);
    idle?.reuse();
    if (!idle) await this.#closing.get(id);
    return idle ?? null;
  }

  /** Lets go of it now, if it rests. Never throws. */
  async close(id: UploadId): Promise<void> {
    const idle = this.#remove(id);
    if (idle)
      this.#closing.set(
        id,
        idle.close().finally(() => this.#closing.delete(id)),
      );
    await this.#closing.get(id);
  }

  /** Lets go of all. Never throws. */
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
