// Syncs folders, and makes new folders durable. Callers that arrive during a sync share the next one.

import { SingleFlight } from "../../../system/single-flight.ts";
import type { Calls } from "../os/calls.ts";

/** An open folder, such as a `DirHandle`. It must stay open until the sync has ended. */
interface Open {
  fd: number;
}

/** A new folder whose name may not survive a power cut yet. */
interface NewFolder {
  /** Set once the name is given: a sync that starts now makes it durable. */
  named: boolean;
}

/** One per storage. */
export class DirSync {
  /** A running sync is not joined: it may have started before the caller changed the folder. */
  readonly #syncs = new SingleFlight<void>();
  /** By the folder that they are in. */
  readonly #newFolders = new Map<string, Set<NewFolder>>();

  constructor(readonly calls: Calls) {}

  /**
   * Resolves when a sync that started after this call has ended.
   * @throws the system's error, to every caller that shared the sync
   */
  sync(folder: Open): Promise<void> {
    return this.#syncs.run(this.#keyOf(folder), () => this.calls.sync(folder.fd));
  }

  /**
   * Adds a new folder to `parent` and syncs `parent`.
   * @param add gives the new folder its name, by mkdir() or rename()
   * @throws the error of `add`; the system's error
   */
  async addFolder<T>(parent: Open, add: () => Promise<T>): Promise<T> {
    const key = this.#keyOf(parent);
    const siblings = this.#newFolders.get(key) ?? new Set();
    this.#newFolders.set(key, siblings);
    const folder = { named: false };
    siblings.add(folder);
    try {
      const given = await add();
      folder.named = true;
      await this.#syncNamed(parent, key, siblings);
      return given;
    } finally {
      if (!folder.named) this.#unlist(key, siblings, [folder]);
    }
  }

  /**
   * Waits until the folders that other callers have just added to `parent` are durable. Call it after finding a folder
   * there: a file put into a folder that a power cut removes would be lost with it.
   * @throws the system's error
   */
  async untilDurable(parent: Open): Promise<void> {
    if (this.#newFolders.size === 0) return;
    const key = this.#keyOf(parent);
    const siblings = this.#newFolders.get(key);
    if (siblings) await this.#syncNamed(parent, key, siblings);
  }

  /** After a failed sync they stay listed, so that the next caller tries again. */
  async #syncNamed(parent: Open, key: string, siblings: Set<NewFolder>): Promise<void> {
    const covered = [...siblings].filter(({ named }) => named);
    await this.sync(parent);
    this.#unlist(key, siblings, covered);
  }

  #unlist(key: string, siblings: Set<NewFolder>, durable: readonly NewFolder[]): void {
    for (const folder of durable) siblings.delete(folder);
    if (siblings.size === 0 && this.#newFolders.get(key) === siblings) this.#newFolders.delete(key);
  }

  #keyOf({ fd }: Open): string {
    const { dev, ino } = this.calls.stat(fd);
    return `${dev}:${ino}`;
  }
}
