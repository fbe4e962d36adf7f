// Waiting for conditions instead of times.

import { patient } from "../support/patience.ts";

/** Looks again and again until something holds; fails with `what` after ten seconds, times the patience of this machine. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + patient(10_000);
  while (!holds()) {
    if (performance.now() > end) throw new Error(`Not in time: ${what}`);
    await Bun.sleep(2);
  }
}

/** Lets everything happen that needs no waiting: microtasks, and events that are due. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** A promise whose state can be seen. */
export class Watched {
  state: "pending" | "fulfilled" | "rejected" = "pending";
  reason: unknown;

  constructor(promise: Promise<unknown>) {
    promise.then(
      () => {
        this.state = "fulfilled";
      },
      (reason: unknown) => {
        this.state = "rejected";
        this.reason = reason;
      },
    );
  }
}

/** A gate that calls wait at until it is opened. */
export class Gate {
  /** Calls that came to the gate. */
  waiting = 0;
  readonly #open = Promise.withResolvers<void>();

  open(): void {
    this.#open.resolve();
  }

  async pass(): Promise<void> {
    this.waiting += 1;
    await this.#open.promise;
  }
}
