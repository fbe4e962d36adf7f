// Computes digests of bytes as they arrive (RFC 9530), so that no file has to be read again.

import { createHash, type Hash, timingSafeEqual } from "node:crypto";
import { Problem } from "../../errors.ts";
import type { Digest, DigestAlgorithm } from "../../http/digest.ts";

/** The name of each algorithm in node:crypto. */
export const ALGORITHM_NAMES: Record<DigestAlgorithm, string> = { "sha-256": "sha256", "sha-512": "sha512" };

/** The algorithm that tells whether two uploads have the same bytes. */
export const IDENTITY: DigestAlgorithm = "sha-256";

/** Digests of one upload. */
export class Digester {
  /** Seconds spent hashing. */
  seconds = 0;
  readonly #hashes = new Map<DigestAlgorithm, Hash>();
  readonly #computed = new Map<DigestAlgorithm, Uint8Array>();

  /**
   * @param expected the digests that the client sent, to be verified
   * @param wanted the algorithm of the digest to report to the client
   * @param identifying whether `identity` is needed
   */
  constructor(
    readonly expected: readonly Digest[],
    readonly wanted: DigestAlgorithm | null,
    identifying = false,
  ) {
    const algorithms = new Set(expected.map(({ algorithm }) => algorithm));
    if (wanted !== null) algorithms.add(wanted);
    if (identifying) algorithms.add(IDENTITY);
    for (const algorithm of algorithms) this.#hashes.set(algorithm, createHash(ALGORITHM_NAMES[algorithm]));
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
    for (const [algorithm, hash] of this.#hashes)
      this.#computed.set(algorithm, new Uint8Array(hash.digest()));
    for (const { algorithm, value } of this.expected) {
      const actual = this.#digest(algorithm);
      if (!actual || !isSameDigest(actual, { algorithm, value }))
        throw new Problem("digest_mismatch", `The ${algorithm} digest does not match the received bytes.`);
    }
    return this.wanted === null ? null : this.#digest(this.wanted);
  }

  /** A digest of the bytes, sha-256 if it was computed; null when none was, or before `finish`. */
  get identity(): Digest | null {
    return this.#digest(IDENTITY) ?? (this.expected[0] ? this.#digest(this.expected[0].algorithm) : null);
  }

  #digest(algorithm: DigestAlgorithm): Digest | null {
    const value = this.#computed.get(algorithm);
    return value ? { algorithm, value } : null;
  }
}

/** Whether two digests of the same algorithm are equal. */
export function isSameDigest(one: Digest, other: Digest): boolean {
  return (
    one.algorithm === other.algorithm &&
    one.value.byteLength === other.value.byteLength &&
    timingSafeEqual(one.value, other.value)
  );
}
