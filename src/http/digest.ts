// Repr-Digest, Content-Digest and Want-Repr-Digest (RFC 9530), which are structured fields (RFC 9651).

import { type Dictionary, parseDictionary, serializeDictionary } from "structured-headers";
import { Problem } from "../errors.ts";

/** The supported algorithms, with the length of their digests in bytes. */
const LENGTHS = { "sha-256": 32, "sha-512": 64 } as const;

export type DigestAlgorithm = keyof typeof LENGTHS;

export interface Digest {
  algorithm: DigestAlgorithm;
  value: Uint8Array;
}

/**
 * The digests in a `Repr-Digest` or `Content-Digest`, in the order of the header; none for null. Unsupported algorithms
 * are ignored (RFC 9530 section 2).
 * @throws Problem `invalid_digest`
 */
export function parseDigest(header: string | null): Digest[] {
  const dictionary = readDictionary(header);
  if (!dictionary)
    throw new Problem(
      "invalid_digest",
      "The digest header must be a dictionary such as sha-256=:base64: (RFC 9530).",
    );
  const digests: Digest[] = [];
  for (const [algorithm, [value]] of dictionary) {
    if (!isSupported(algorithm)) continue;
    const length = LENGTHS[algorithm];
    if (!(value instanceof ArrayBuffer) || value.byteLength !== length)
      throw new Problem(
        "invalid_digest",
        `The ${algorithm} digest must be ${length} bytes in base64, between colons.`,
      );
    digests.push({ algorithm, value: new Uint8Array(value) });
  }
  return digests;
}

/**
 * The supported algorithm that `Want-Repr-Digest` prefers; sha-256 when both have the same weight. Null when it accepts
 * neither or is malformed: the header is only a hint (RFC 9530 section 4).
 */
export function wantedDigest(header: string | null): DigestAlgorithm | null {
  const dictionary = readDictionary(header);
  const sha256 = weight(dictionary?.get("sha-256")?.[0]);
  const sha512 = weight(dictionary?.get("sha-512")?.[0]);
  if (sha512 > sha256) return "sha-512";
  return sha256 > 0 ? "sha-256" : null;
}

/** The value of a `Repr-Digest` or `Content-Digest` with a single digest. */
export function formatDigest(algorithm: DigestAlgorithm, value: Uint8Array): string {
  return serializeDictionary({ [algorithm]: new Uint8Array(value) });
}

/** Null when it is malformed. */
function readDictionary(header: string | null): Dictionary | null {
  try {
    return parseDictionary(header ?? "");
  } catch {
    return null;
  }
}

/** 0 means "not acceptable"; an invalid weight counts as 0. */
function weight(value: unknown): number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 10 ? value : 0;
}

function isSupported(algorithm: string): algorithm is DigestAlgorithm {
  return Object.hasOwn(LENGTHS, algorithm);
}
