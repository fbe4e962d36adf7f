// Syncs folders. Callers that arrive during a sync share the next one, so many small files wait together.

import { SingleFlight } from "../../../system/single-flight.ts";
import type { Calls } from "../os/calls.ts";

/** An open folder, such as a `DirHandle`. It must stay open until the sync has ended. */
interface Open {
  fd: number;
}

/** A folder whose name may not survive a power cut yet. */
interface Fresh {
  /** Set once the name is given: a sync that starts now makes it durable. */
  named: boolean;
}

/** One per storage. */
export class DirSync {
  /** A running sync is not joined: it may have started before the caller changed the folder. */
  readonly #syncs = new SingleFlight<void>();
  /** By the folder that they are in. */
  readonly #fresh = new Map<string, Set<Fresh>>();

  constructor(readonly calls: Calls) {}

  /**
   * Resolves when a sync that started after this call has ended.
   * @throws the system's error, to every caller that shared the sync
   */
  sync(folder: Open): Promise<void> {
    return this.#syncs.run(this.#keyOf(folder), () => this.calls.sync(folder.fd));
  }

  /**
   * Gives a new folder its name and syncs the folder that it is in.
   * @param give makes or renames the new folder
   */
  async name<T>(parent: Open, give: () => Promise<T>): Promise<T> {
    const key = this.#keyOf(parent);
    const siblings = this.#fresh.get(key) ?? new Set();
    this.#fresh.set(key, siblings);
    const fresh = { named: false };
    siblings.add(fresh);
    try {
      const given = await give();
      fresh.named = true;
      await this.#settle(parent, key, siblings);
      return given;
    } finally {
      if (!fresh.named) this.#forget(key, siblings, [fresh]);
    }
  }

  /**
   * Waits until a folder that another caller is just naming is durable. Call it after a folder in `parent` was found, or
   * what is put into it could be lost with it.
   * @throws the system's error
   */
  async found(parent: Open): Promise<void> {
    if (this.#fresh.size === 0) return;
    const key = this.#keyOf(parent);
    const siblings = this.#fresh.get(key);
    if (siblings) await this.#settle(parent, key, siblings);
  }

  /** After a failed sync they stay fresh, so that the next caller tries again. */
  async #settle(parent: Open, key: string, siblings: Set<Fresh>): Promise<void> {
    const covered = [...siblings].filter(({ named }) => named);
    await this.sync(parent);
    this.#forget(key, siblings, covered);
  }

  #forget(key: string, siblings: Set<Fresh>, forgotten: readonly Fresh[]): void {
    for (const fresh of forgotten) siblings.delete(fresh);
    if (siblings.size === 0 && this.#fresh.get(key) === siblings) this.#fresh.delete(key);
  }

  #keyOf({ fd }: Open): string {
    const { dev, ino } = this.calls.stat(fd);
    return `${dev}:${ino}`;
  }
}
