// Checks a root that was not writable at the start repeatedly, until it is.

import { Problem } from "../../errors.ts";
import type { Storage } from "../../storage/storage.ts";

/** Milliseconds between two checks. */
const INTERVAL = 1000;

/** Told about the state of the root. */
export interface RecoveryObserver {
  /** The first check failed with this problem. */
  refused(problem: Problem): void;
  /** A later check succeeded. If the promise rejects, the checks continue. */
  recovered(): Promise<void>;
}

export class WriteRecovery {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #checking: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(
    readonly storage: Pick<Storage, "check">,
    readonly observer: RecoveryObserver,
    readonly interval: number,
  ) {}

  /**
   * Checks the storage once. If that fails, it is checked in the background until it is writable, or until `close`.
   * @param interval milliseconds between two checks
   * @throws an error of the storage that is no Problem
   */
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
      recovery.#schedule();
    }
    return recovery;
  }

  /** Stops checking, and resolves when a running check has ended. Never throws. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#checking;
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#checking = this.#check();
    }, this.interval);
    this.#timer.unref();
  }

  async #check(): Promise<void> {
    try {
      await this.storage.check();
      await this.observer.recovered();
    } catch {
      // Logged at the start; requests and /health report the problem again.
      this.#schedule();
    }
  }
}
