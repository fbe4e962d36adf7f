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
const MOMENT = 200;
/** Uploads that rest at once: each holds a descriptor. */
const MOST = 64;

export class IdleHandles<Upload extends Idle> {
  readonly #resting = new Map<UploadId, { upload: Upload; timer: ReturnType<typeof setTimeout> }>();
  readonly #ending = new Map<UploadId, Promise<void>>();

  /** Whether another one may rest. */
  get free(): boolean {
    return this.#resting.size < MOST;
  }

  put(upload: Upload): void {
    const { id } = upload;
    this.#resting.set(id, { upload, timer: setTimeout(() => void this.close(id), MOMENT) });
  }

  /** What rested, in use again. */
  async reuse(id: UploadId): Promise<Upload | null> {
    const resting = this.#take(id);
    resting?.reuse();
    if (!resting) await this.#ending.get(id);
    return resting ?? null;
  }

  /** Lets go of it now, if it rests. Never throws. */
  async close(id: UploadId): Promise<void> {
    const resting = this.#take(id);
    if (resting)
      this.#ending.set(
        id,
        resting.close().finally(() => this.#ending.delete(id)),
      );
    await this.#ending.get(id);
  }

  /** Lets go of all. Never throws. */
  async closeAll(): Promise<void> {
    await Promise.all([...this.#resting.keys(), ...this.#ending.keys()].map((id) => this.close(id)));
  }

  #take(id: UploadId): Upload | undefined {
    const { upload, timer } = this.#resting.get(id) ?? {};
    clearTimeout(timer);
    this.#resting.delete(id);
    return upload;
  }
}
