// Digests made while bytes stream past (RFC 9530), so that no file is read twice.

import { createHash, type Hash, timingSafeEqual } from "node:crypto";
import { Problem } from "../../errors.ts";
import type { Digest, DigestAlgorithm } from "../../http/digest.ts";

/** What Node calls each algorithm. */
export const ALGORITHM_NAMES: Record<DigestAlgorithm, string> = { "sha-256": "sha256", "sha-512": "sha512" };

/** Digests of one upload. */
export class Digester {
  /** Seconds spent. */
  seconds = 0;
  readonly #hashes = new Map<DigestAlgorithm, Hash>();

  /** @param expected what the client says; `wanted` is what it would like to be told */
  constructor(
    readonly expected: readonly Digest[],
    readonly wanted: DigestAlgorithm | null,
  ) {
    for (const { algorithm } of expected) this.#hashes.set(algorithm, createHash(ALGORITHM_NAMES[algorithm]));
    if (wanted !== null) this.#hashes.set(wanted, createHash(ALGORITHM_NAMES[wanted]));
  }

  update(chunk: Uint8Array): void {
    if (this.#hashes.size === 0) return;
    const start = performance.now();
    for (const hash of this.#hashes.values()) hash.update(chunk);
    this.seconds += (performance.now() - start) / 1000;
  }

  /**
   * Ends the digests.
   * @returns the wanted one, `null` when none is wanted
   * @throws Problem digest_mismatch when one that was expected differs
   */
  finish(): Digest | null {
    const made = new Map(
      [...this.#hashes].map(([algorithm, hash]) => [algorithm, new Uint8Array(hash.digest())]),
    );
    for (const { algorithm, value } of this.expected) {
      const is = made.get(algorithm);
      if (!is || is.byteLength !== value.byteLength || !timingSafeEqual(is, value))
        throw new Problem("digest_mismatch", `The ${algorithm} digest does not match the received bytes.`);
    }
    const value = this.wanted === null ? undefined : made.get(this.wanted);
    return this.wanted !== null && value ? { algorithm: this.wanted, value } : null;
  }
}
