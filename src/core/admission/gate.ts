// Limits how many operations of one kind run concurrently; excess ones are refused with 503 and Retry-After.

import { Problem, type ProblemCode } from "../../errors.ts";

/** The problem with which a full gate refuses. */
export interface Refusal {
  readonly code: ProblemCode;
  /** Names the limit and its value. */
  readonly detail: string;
}

export class Gate {
  #entered = 0;

  /** @param retryAfter seconds a refused client is asked to wait */
  constructor(
    readonly limit: number,
    readonly refusal: Refusal,
    readonly retryAfter: number,
  ) {}

  /** Operations inside the gate now. */
  get entered(): number {
    return this.#entered;
  }

  /**
   * Enters the gate; call the result to leave. Calling it again has no effect.
   * @throws Problem the refusal, when `limit` operations are inside
   */
  enter(): () => void {
    if (this.#entered >= this.limit) {
      const { code, detail } = this.refusal;
      throw new Problem(code, detail, { headers: { "retry-after": String(this.retryAfter) } });
    }
    this.#entered += 1;
    let inside = true;
    return () => {
      if (inside) this.#entered -= 1;
      inside = false;
    };
  }
}
