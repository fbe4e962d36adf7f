// Looks after a root that could not be written to at the start, until it can.

import { Problem } from "../../errors.ts";
import type { Storage } from "../../storage/storage.ts";

/** Milliseconds between two looks. */
const INTERVAL = 1000;

export interface RecoveryObserver {
  /** The root cannot be written to at the start. */
  refused(problem: Problem): void;
  /** It can now. A rejection is followed by another try. */
  recovered(): Promise<void>;
}

export class WriteRecovery {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(
    readonly storage: Pick<Storage, "check">,
    readonly observer: RecoveryObserver,
    readonly interval: number,
  ) {}

  /** Checks the storage once. If it cannot be written to, that goes on in the background until it can, or until `close`. */
  static async start(
    storage: Pick<Storage, "check">,
    observer: RecoveryObserver,
    interval = INTERVAL,
  ): Promise<WriteRecovery> {
    const recovery = new WriteRecovery(storage, observer, interval);
    try {
      await storage.check();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      observer.refused(error);
      recovery.#wait();
    }
    return recovery;
  }

  /** Resolves when nothing is going on any more. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  #wait(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.#look();
    }, this.interval);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    try {
      await this.storage.check();
      await this.observer.recovered();
    } catch {
      // The start has said why; requests and /health say it again.
      this.#wait();
    }
  }
}
