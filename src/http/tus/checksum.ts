// Upload-Checksum of tus 1.0.0: the checksum of one request's bytes, made while they stream past.

import { createHash, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";
import { Problem } from "../../errors.ts";
import { invalidHeader } from "../invalid-header.ts";
import { fromBase64 } from "./metadata.ts";

/** What is checked, as `Tus-Checksum-Algorithm` names it. */
export const CHECKSUMS = ["sha1", "sha256", "sha512", "md5", "crc32"] as const;

export type ChecksumAlgorithm = (typeof CHECKSUMS)[number];

/** The checksum a client sent, and the one of the bytes so far. */
export class Checksum {
  /** Seconds spent. */
  seconds = 0;
  readonly #made: { update(chunk: Uint8Array): unknown; digest(): Uint8Array };

  /** @param expected of any length: one that cannot be right does not match */
  constructor(
    readonly algorithm: ChecksumAlgorithm,
    readonly expected: Uint8Array,
  ) {
    this.#made = algorithm === "crc32" ? new Crc32() : createHash(algorithm);
  }

  update(chunk: Uint8Array): void {
    const start = performance.now();
    this.#made.update(chunk);
    this.seconds += (performance.now() - start) / 1000;
  }

  /** Ends the checksum. @throws Problem `checksum_mismatch` */
  finish(): void {
    if (this.matches()) return;
    throw new Problem("checksum_mismatch", "The bytes that arrived are not those of Upload-Checksum.");
  }

  /** Whether the bytes are those the client meant. Ends the checksum: call it once. */
  matches(): boolean {
    const made = this.#made.digest();
    return made.byteLength === this.expected.byteLength && timingSafeEqual(made, this.expected);
  }
}

/**
 * Reads `algorithm base64`. Null when there is none.
 * @throws Problem `invalid_request`: an algorithm that is not checked here (tus demands 400), or no base64
 */
export function parseChecksum(header: string | null): Checksum | null {
  if (header === null) return null;
  const [name, value = "", ...more] = header.split(" ");
  const algorithm = CHECKSUMS.find((known) => known === name);
  if (algorithm === undefined)
    throw invalidHeader("Upload-Checksum", `Upload-Checksum must begin with one of ${CHECKSUMS.join(", ")}.`);
  const expected = more.length === 0 && value !== "" ? fromBase64(value) : null;
  if (expected === null)
    throw invalidHeader("Upload-Checksum", "Upload-Checksum must be an algorithm, a space and base64.");
  return new Checksum(algorithm, expected);
}

/** CRC-32 of ISO 3309, as zip and PNG have it; its four bytes in network order. */
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
