// The key of an account at an authority, and the thumbprint by which the account answers challenges.

import { createHash, createPublicKey, generateKeyPair } from "node:crypto";
import { promisify } from "node:util";

/** A new private key for ES256, as PEM. */
export async function newAccountKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/**
 * The thumbprint of the public key (RFC 7638), the second half of every answer to a challenge (RFC 8555 section 8.1).
 * @throws an error of the system when the text is no key
 */
export function thumbprintOf(key: string): string {
  // RFC 7638 names these members, in this order.
  const { crv, kty, x, y } = createPublicKey(key).export({ format: "jwk" });
  return createHash("sha256").update(JSON.stringify({ crv, kty, x, y })).digest("base64url");
}
