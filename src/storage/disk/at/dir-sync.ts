// Syncs folders, one sync for all who ask while another runs: many small files share the wait.

import type { Calls } from "../os/calls.ts";
import type { DirHandle } from "./handle.ts";

/** One per storage. */
export class DirSync {
  readonly #running = new Map<string, Promise<void>>();
  readonly #next = new Map<string, Promise<void>>();

  constructor(readonly calls: Calls) {}

  /**
   * Resolves when a sync that began after this call has ended. The dir stays open until then.
   * @throws the system's error, to everyone who shared the sync
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
        // The failed sync told those who waited for it; this one is tried for itself.
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
