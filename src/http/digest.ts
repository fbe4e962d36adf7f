// Digests in headers: Repr-Digest, Content-Digest and Want-Repr-Digest (RFC 9530) as structured fields (RFC 9651).

import { parseDictionary, serializeDictionary } from "structured-headers";
import { Problem } from "../errors.ts";

/** Bytes of a digest of each algorithm that is checked. */
const LENGTHS = { "sha-256": 32, "sha-512": 64 } as const;

type Algorithm = keyof typeof LENGTHS;

/**
 * The digests a `Repr-Digest` or `Content-Digest` holds, in the order they came; none for null. Other algorithms are left
 * out (RFC 9530 section 2).
 * @throws Problem `invalid_digest`
 */
export function parseDigest(header: string | null): { algorithm: Algorithm; value: Uint8Array }[] {
  const digests: { algorithm: Algorithm; value: Uint8Array }[] = [];
  for (const [algorithm, [value]] of dictionary(header)) {
    if (!isAlgorithm(algorithm)) continue;
    if (!(value instanceof ArrayBuffer) || value.byteLength !== LENGTHS[algorithm])
      throw new Problem("invalid_digest", `${algorithm} needs ${LENGTHS[algorithm]} bytes as base64 between colons.`);
    digests.push({ algorithm, value: new Uint8Array(value) });
  }
  return digests;
}
