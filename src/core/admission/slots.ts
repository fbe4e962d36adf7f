// Limits concurrent uploads, and lets shutdown wait for all requests that change the tree.

import { Gate } from "./gate.ts";

/** Seconds a refused client is asked to wait. */
const RETRY_AFTER = 5;

/** One slot for each request that uploads. */
export class Slots {
  readonly #gate: Gate;
  /** Running steps that shutdown waits for but that occupy no slot. */
  #tracked = 0;
  #idleWaiters: (() => void)[] = [];

  /** @param perClient slots that one client may occupy */
  constructor(
    readonly limit: number,
    perClient: number,
  ) {
    const detail = `${limit} uploads are already running, the maximum set by --max-uploads. Try again in ${RETRY_AFTER} seconds.`;
    this.#gate = new Gate(limit, { code: "too_many_uploads", detail }, RETRY_AFTER, {
      limit: perClient,
      detail: `The maximum of concurrent uploads from one address, ${perClient} (--max-uploads-per-client), is reached. Try again in ${RETRY_AFTER} seconds. Clients behind a proxy count as one until --trusted-proxy names it.`,
    });
  }

  get taken(): number {
    return this.#gate.entered;
  }

  /**
   * Acquires a slot; call the result to release it. Calling it again has no effect.
   * @param client that is counted; `undefined` for none
   * @throws Problem too_many_uploads
   */
  acquire(client?: string): () => void {
    const leave = this.#gate.enter(client);
    return () => {
      leave();
      this.#notifyIfIdle();
    };
  }

  /** Runs a step that `idle` waits for, but that occupies no slot. */
  async track<T>(step: () => Promise<T>): Promise<T> {
    this.#tracked += 1;
    try {
      return await step();
    } finally {
      this.#tracked -= 1;
      this.#notifyIfIdle();
    }
  }

  /** Resolves as soon as no slot is taken and no tracked step runs. */
  async idle(): Promise<void> {
    if (!this.#isIdle) await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
  }

  get #isIdle(): boolean {
    return this.taken + this.#tracked === 0;
  }

  #notifyIfIdle(): void {
    if (this.#isIdle) for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }
}
