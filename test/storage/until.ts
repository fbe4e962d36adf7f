// Waits for conditions instead of fixed times.

import { patient } from "../support/patience.ts";

/** Polls until a condition holds. @throws Error with `what` after ten seconds, scaled by `patient` */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + patient(10_000);
  while (!holds()) {
    if (performance.now() > end) throw new Error(`Not in time: ${what}`);
    await Bun.sleep(2);
  }
}

/** Runs all pending microtasks and due events. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** A promise whose state can be read. */
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

/** A gate at which calls wait until it is opened. */
export class Gate {
  /** The number of calls that wait at the gate. */
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
