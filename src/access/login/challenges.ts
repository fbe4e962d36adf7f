// Challenges that a client gives back within five minutes, once. Making one takes no memory, however many clients ask.

import { Buffer } from "node:buffer";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { sealOf } from "../secrets.ts";

/** Milliseconds. */
const LIFETIME = 5 * 60_000;
const RANDOM_BYTES = 16;
/** A time as a double. */
const TIME_BYTES = 8;
const SEAL_BYTES = 16;
/** Challenges that were given back and have not expired; more are refused until some have. */
const MOST_SPENT = 10_000;

/** A challenge contains its expiry and a seal, so that only those given back have to be remembered. */
export class Challenges {
  readonly #key = randomBytes(32);
  /** When each expires, by challenge; the oldest first. */
  readonly #spent = new Map<string, number>();
  readonly #now: () => number;

  /** @param now a monotonic clock, in milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** A new challenge in base64url. @param purpose for which alone it is accepted, such as `register alice` */
  issue(purpose: string): string {
    const body = Buffer.alloc(RANDOM_BYTES + TIME_BYTES);
    randomBytes(RANDOM_BYTES).copy(body);
    body.writeDoubleBE(this.#now() + LIFETIME, RANDOM_BYTES);
    return Buffer.concat([body, this.#seal(body, purpose)]).toString("base64url");
  }

  /** Whether the challenge was issued for this purpose, is not older than five minutes, and was not spent. */
  isOpen(challenge: string, purpose: string): boolean {
    return this.#expiry(challenge, purpose) !== undefined && !this.#spent.has(challenge);
  }

  /** Like `isOpen`; it is spent by this. */
  spend(challenge: string, purpose: string): boolean {
    const expires = this.#expiry(challenge, purpose);
    if (expires === undefined || this.#spent.has(challenge)) return false;
    this.#forgetExpired();
    if (this.#spent.size >= MOST_SPENT) return false;
    this.#spent.set(challenge, expires);
    return true;
  }

  /** A secret that belongs to a challenge and cannot be computed from it without the key of this process. */
  secretOf(challenge: string, name: string): string {
    return sealOf(this.#key, "secret", name, challenge);
  }

  /** When the challenge expires; undefined when it is not genuine or has expired. */
  #expiry(challenge: string, purpose: string): number | undefined {
    const bytes = Buffer.from(challenge, "base64url");
    // The decoder ignores what it does not know, and one challenge must not have two spellings.
    if (bytes.length !== RANDOM_BYTES + TIME_BYTES + SEAL_BYTES || bytes.toString("base64url") !== challenge)
      return undefined;
    const body = bytes.subarray(0, RANDOM_BYTES + TIME_BYTES);
    if (!timingSafeEqual(bytes.subarray(body.length), this.#seal(body, purpose))) return undefined;
    const expires = body.readDoubleBE(RANDOM_BYTES);
    return this.#now() < expires ? expires : undefined;
  }

  #seal(body: Buffer, purpose: string): Buffer {
    return createHmac("sha256", this.#key).update(body).update(purpose).digest().subarray(0, SEAL_BYTES);
  }

  #forgetExpired(): void {
    const now = this.#now();
    for (const [challenge, expires] of this.#spent) if (expires <= now) this.#spent.delete(challenge);
  }
}
