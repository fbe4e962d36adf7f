// Random secrets, their digests, and comparisons in constant time.

import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** Bytes of a secret: 256 bits. */
const SECRET_BYTES = 32;
/** Digits and letters of an id: 8 of them are 47 bits. */
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** The beginning of every token, so that people and scanners recognize one. */
export const TOKEN_PREFIX = "slu_";

/** A new secret, in base64url. @param prefix tells people and scanners what it is, such as `slu_` */
export function newSecret(prefix = ""): string {
  return prefix + randomBytes(SECRET_BYTES).toString("base64url");
}

/** A new id that is not secret: 8 digits and letters. */
export function newId(): string {
  let id = "";
  // 248 is the largest multiple of 62 in a byte; bytes above it would favour some letters.
  while (id.length < 8) for (const byte of randomBytes(16)) if (byte < 248) id += ALPHABET[byte % 62];
  return id.slice(0, 8);
}

/** The digest under which a secret is stored and found. */
export function digestOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

/** HMAC-SHA-256 over parts that cannot run into each other, in base64url. */
export function sealOf(key: Uint8Array, ...parts: readonly (string | number)[]): string {
  return createHmac("sha256", key).update(JSON.stringify(parts)).digest("base64url");
}

/** Compares two texts without telling by the time where they differ. */
export function isSame(one: string, other: string): boolean {
  return timingSafeEqual(digestOf(one), digestOf(other));
}
