// Setup: the secret by which the first owner is made over HTTP, once and only for some minutes.

import { randomBytes } from "node:crypto";
import { isSame } from "./secrets.ts";

/** Bytes: 128 bits. */
const TOKEN_BYTES = 16;
/** Milliseconds. */
const LIFETIME = 15 * 60_000;

export class Setup {
  /** Only ever in memory, and in the URL that the operator is shown. */
  readonly token = randomBytes(TOKEN_BYTES).toString("base64url");
  readonly #ends: number;
  #taken = false;

  /** @param now milliseconds of a clock that never jumps */
  constructor(readonly now: () => number = () => performance.now()) {
    this.#ends = now() + LIFETIME;
  }

  /** Whether this is the token, and it can still be used. */
  opens(token: string): boolean {
    return !this.#taken && this.now() < this.#ends && isSame(token, this.token);
  }

  /**
   * Runs the one use of the token. It can be used again when that fails.
   * @returns false when it cannot be used any more
   */
  async use(token: string, run: () => Promise<void>): Promise<boolean> {
    if (!this.opens(token)) return false;
    this.#taken = true;
    try {
      await run();
      return true;
    } catch (error) {
      this.#taken = false;
      throw error;
    }
  }
}
