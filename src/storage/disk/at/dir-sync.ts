// Syncs folders. Callers that arrive during a sync share the next one, so many small files wait together.

import { SingleFlight } from "../../../system/single-flight.ts";
import type { Calls } from "../os/calls.ts";
import type { DirHandle } from "./handle.ts";

/** One per storage. */
export class DirSync {
  /** A running sync is not joined: it may have started before the caller changed the folder. */
  readonly #syncs = new SingleFlight<void>();

  constructor(readonly calls: Calls) {}

  /**
   * Resolves when a sync that started after this call has ended. The handle must stay open until then.
   * @throws the system's error, to every caller that shared the sync
   */
  sync(folder: DirHandle): Promise<void> {
    const { dev, ino } = this.calls.stat(folder.fd);
    return this.#syncs.run(`${dev}:${ino}`, () => this.calls.sync(folder.fd));
  }
}
