// Syncs folders. Callers that arrive during a sync share the next one, so many small files wait together.

import type { Calls } from "../os/calls.ts";
import type { DirHandle } from "./handle.ts";

/** One per storage. */
export class DirSync {
  readonly #running = new Map<string, Promise<void>>();
  readonly #next = new Map<string, Promise<void>>();

  constructor(readonly calls: Calls) {}

  /**
   * Resolves when a sync that started after this call has ended. The handle must stay open until then.
   * @throws the system's error, to every caller that shared the sync
   */
  sync(folder: DirHandle): Promise<void> {
    const { dev, ino } = this.calls.stat(folder.fd);
    const key = `${dev}:${ino}`;
    const joined = this.#next.get(key);
    if (joined) return joined;
    const running = this.#running.get(key);
    if (!running) return this.#start(key, folder);
    const next = running
      .catch(() => {
        // The callers of the failed sync have its error; this sync is independent of it.
      })
      .then(() => {
        this.#next.delete(key);
        return this.#start(key, folder);
      });
    this.#next.set(key, next);
    return next;
  }

  #start(key: string, folder: DirHandle): Promise<void> {
    const sync = this.calls.sync(folder.fd).finally(() => {
      if (this.#running.get(key) === sync) this.#running.delete(key);
    });
    this.#running.set(key, sync);
    return sync;
  }
}
