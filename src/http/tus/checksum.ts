// Upload-Checksum of tus 1.0.0: the checksum of one request's bytes, computed while they stream in.

import { createHash, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";
import { Problem } from "../../errors.ts";
import { invalidHeader } from "../invalid-header.ts";
import { fromBase64 } from "./metadata.ts";

/** The supported algorithms, as `Tus-Checksum-Algorithm` lists them. */
export const CHECKSUMS = ["sha1", "sha256", "sha512", "md5", "crc32"] as const;

export type ChecksumAlgorithm = (typeof CHECKSUMS)[number];

/** Compares the checksum a client sent with that of the bytes received. */
export class Checksum {
  /** Seconds spent computing. */
  seconds = 0;
  readonly #hash: { update(chunk: Uint8Array): unknown; digest(): Uint8Array };

  /** @param expected of any length: one of the wrong length never matches */
  constructor(
    readonly algorithm: ChecksumAlgorithm,
    readonly expected: Uint8Array,
  ) {
    this.#hash = algorithm === "crc32" ? new Crc32() : createHash(algorithm);
  }

  update(chunk: Uint8Array): void {
    const start = performance.now();
    this.#hash.update(chunk);
    this.seconds += (performance.now() - start) / 1000;
  }

  /** Completes the checksum and compares it. Call it once. @throws Problem `checksum_mismatch` */
  finish(): void {
    if (this.matches()) return;
    throw new Problem(
      "checksum_mismatch",
      "Upload-Checksum does not match the received bytes: send them again.",
    );
  }

  /** Whether the bytes match the checksum the client sent. Completes the checksum: call it once. */
  matches(): boolean {
    const actual = this.#hash.digest();
    return actual.byteLength === this.expected.byteLength && timingSafeEqual(actual, this.expected);
  }
}

/**
 * Parses `algorithm base64`; null without the header.
 * @throws Problem `invalid_request`: an unsupported algorithm (tus requires 400), or invalid base64
 */
export function parseChecksum(header: string | null): Checksum | null {
  if (header === null) return null;
  const [name, value = "", ...more] = header.split(" ");
  const algorithm = CHECKSUMS.find((known) => known === name);
  if (algorithm === undefined)
    throw invalidHeader("Upload-Checksum", `Upload-Checksum must begin with one of ${CHECKSUMS.join(", ")}.`);
  const expected = more.length === 0 && value !== "" ? fromBase64(value) : null;
  if (expected === null)
    throw invalidHeader(
      "Upload-Checksum",
      "Upload-Checksum must be an algorithm, a space and the base64 checksum.",
    );
  return new Checksum(algorithm, expected);
}

/** CRC-32 of ISO 3309, as used by zip and PNG; the digest is four bytes in network byte order. */
class Crc32 {
  #value = 0;

  update(chunk: Uint8Array): void {
    this.#value = crc32(chunk, this.#value);
  }

  digest(): Uint8Array {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, this.#value);
    return bytes;
  }
}
