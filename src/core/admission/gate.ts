// Limits how many operations of one kind run concurrently, in all and for one client; excess ones are refused with 503 and Retry-After.

import { Problem, type ProblemCode } from "../../errors.ts";

/** The problem with which a full gate refuses. */
export interface Refusal {
  readonly code: ProblemCode;
  /** The detail of the refusal: names the limit and its value. */
  readonly detail: string;
}

/** The number of operations that one client may run concurrently. */
export interface ClientLimit {
  readonly limit: number;
  /** The detail of the refusal: names the limit and its value. */
  readonly detail: string;
}

export class Gate {
  #entered = 0;
  /** Operations inside the gate, by client. */
  readonly #byClient = new Map<string, number>();

  /** @param retryAfter seconds a refused client is asked to wait */
  constructor(
    readonly limit: number,
    readonly refusal: Refusal,
    readonly retryAfter: number,
    readonly perClient?: ClientLimit,
  ) {}

  /** Operations inside the gate now. */
  get entered(): number {
    return this.#entered;
  }

  /**
   * Enters the gate; call the result to leave. Calling it again has no effect.
   * @param client that is counted; `undefined` for none
   * @throws Problem the refusal, when `limit` operations are inside, or as many of this client as it may run
   */
  enter(client?: string): () => void {
    if (this.#entered >= this.limit) throw this.#refused(this.refusal.detail);
    const ofClient = client === undefined ? 0 : (this.#byClient.get(client) ?? 0);
    if (this.perClient && ofClient >= this.perClient.limit) throw this.#refused(this.perClient.detail);
    this.#entered += 1;
    if (client !== undefined) this.#byClient.set(client, ofClient + 1);
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      this.#entered -= 1;
      if (client !== undefined) this.#leave(client);
    };
  }

  #leave(client: string): void {
    const ofClient = (this.#byClient.get(client) ?? 0) - 1;
    if (ofClient > 0) this.#byClient.set(client, ofClient);
    else this.#byClient.delete(client);
  }

  #refused(detail: string): Problem {
    return new Problem(this.refusal.code, detail, { headers: { "retry-after": String(this.retryAfter) } });
  }
}
