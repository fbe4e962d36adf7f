// Limits how many of one kind run at once; one more is refused with 503 and Retry-After.

import { Problem, type ProblemCode } from "../../errors.ts";

/** How a full gate refuses. */
export interface Refusal {
  readonly code: ProblemCode;
  /** Says what is full, and how full. */
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

  /** How many are inside now. */
  get entered(): number {
    return this.#entered;
  }

  /**
   * Enters, and stays inside until the returned function is called. Calling it again has no effect.
   * @throws Problem the refusal, when `limit` are inside
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
