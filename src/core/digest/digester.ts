// Computes digests of bytes as they arrive (RFC 9530), so that no file has to be read again.

import { createHash, type Hash, timingSafeEqual } from "node:crypto";
import { Problem } from "../../errors.ts";
import type { Digest, DigestAlgorithm } from "../../http/digest.ts";

/** The name of each algorithm in node:crypto. */
export const ALGORITHM_NAMES: Record<DigestAlgorithm, string> = { "sha-256": "sha256", "sha-512": "sha512" };

/** Digests of one upload. */
export class Digester {
  /** Seconds spent hashing. */
  seconds = 0;
  readonly #hashes = new Map<DigestAlgorithm, Hash>();

  /**
   * @param expected the digests that the client sent, to be verified
   * @param wanted the algorithm of the digest to report to the client
   */
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
   * Verifies the expected digests; call it once, after the last byte.
   * @returns the wanted digest, `null` when none is wanted
   * @throws Problem digest_mismatch
   */
  finish(): Digest | null {
    const computed = new Map(
      [...this.#hashes].map(([algorithm, hash]) => [algorithm, new Uint8Array(hash.digest())]),
    );
    for (const { algorithm, value } of this.expected) {
      const actual = computed.get(algorithm);
      if (!actual || actual.byteLength !== value.byteLength || !timingSafeEqual(actual, value))
        throw new Problem("digest_mismatch", `The ${algorithm} digest does not match the received bytes.`);
    }
    const value = this.wanted === null ? undefined : computed.get(this.wanted);
    return this.wanted !== null && value ? { algorithm: this.wanted, value } : null;
  }
}
