// What a folder takes: counted once for all who ask meanwhile, and no further than somebody waits.

import type { FolderPath } from "../../path.ts";
import type { Storage } from "../../storage/storage.ts";
import { SingleFlight } from "../admission/single-flight.ts";
import { walk } from "./walk.ts";

/** What is below a folder, hidden entries included. */
export interface FolderSize {
  /** Of all files: a file with two names counts twice, what a link leads to and the server's own folder do not count. */
  bytes: number;
  files: number;
  folders: number;
}

interface Count {
  /** Who waits for it. */
  askers: number;
  stop: AbortController;
  usage: Promise<FolderSize>;
}

/** Counts that run at the same time; the others wait. */
const AT_ONCE = 2;

/** The counts of one storage. */
export class FolderSizes {
  readonly #sharing = new SingleFlight<FolderSize>(AT_ONCE);
  readonly #counts = new Map<FolderPath, Count>();

  constructor(readonly storage: Storage) {}

  /** Folders that are counted, or wait to be. */
  get running(): number {
    return this.#counts.size;
  }

  /**
   * Counts what is below a folder, or joins a count that runs.
   * @param signal says that this one does not wait any more: it throws its reason. Without anybody the count ends.
   * @throws Problem not_found, not_a_folder
   */
  async of(folder: FolderPath, signal: AbortSignal): Promise<FolderSize> {
    signal.throwIfAborted();
    const count = this.#counts.get(folder) ?? this.#begin(folder);
    count.askers += 1;
    const { promise: left, reject } = Promise.withResolvers<never>();
    const leave = (): void => reject(signal.reason);
    signal.addEventListener("abort", leave);
    try {
      return await Promise.race([count.usage, left]);
    } finally {
      signal.removeEventListener("abort", leave);
      count.askers -= 1;
      if (count.askers === 0) this.#end(folder, count);
    }
  }

  #begin(folder: FolderPath): Count {
    const stop = new AbortController();
    const usage = this.#sharing.run(crypto.randomUUID(), () => this.#walk(folder, stop.signal));
    const count: Count = { askers: 0, stop, usage };
    this.#counts.set(folder, count);
    // Whoever comes after its end counts anew.
    const forget = (): void => this.#end(folder, count);
    usage.then(forget, forget);
    return count;
  }

  #end(folder: FolderPath, count: Count): void {
    count.stop.abort();
    if (this.#counts.get(folder) === count) this.#counts.delete(folder);
  }

  async #walk(folder: FolderPath, signal: AbortSignal): Promise<FolderSize> {
    const usage: FolderSize = { bytes: 0, files: 0, folders: 0 };
    for await (const entry of walk(this.storage, folder, { signal })) {
      if (entry.link) continue;
      if (entry.kind === "folder") usage.folders += 1;
      else {
        usage.files += 1;
        usage.bytes += entry.size;
      }
    }
    return usage;
  }
}
