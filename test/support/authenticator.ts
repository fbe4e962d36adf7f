// An authenticator in software: makes and uses passkeys as a browser would, so that tests need none.

import { createHash, createSign, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { isoCBOR } from "@simplewebauthn/server/helpers";
import type { PasskeyAssertion, PasskeyAttestation } from "../../src/access/login/passkey-shapes.ts";

/** Flags of the authenticator data (WebAuthn section 6.1). */
const PRESENT = 0x01;
const VERIFIED = 0x04;
const ATTESTED = 0x40;

interface Key {
  id: Buffer;
  privateKey: KeyObject;
  userHandle: string;
}

/** Deviations from what a browser does. */
export interface Forgery {
  origin?: string;
  rpId?: string;
  /** Nobody was verified, only present. */
  unverified?: boolean;
  /** Another counter than the next one. */
  counter?: number;
  userHandle?: string;
  challenge?: string;
  /** An attestation in this format, with a certificate. */
  attestation?: string;
}

export class Authenticator {
  #key: Key | undefined;
  counter = 0;

  constructor(readonly origin: string) {}

  /** `navigator.credentials.create`. */
  create(
    options: { challenge: string; rp: { id?: string }; user: { id: string } },
    forgery: Forgery = {},
  ): PasskeyAttestation {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const key = { id: randomBytes(32), privateKey, userHandle: options.user.id };
    this.#key = key;
    const { x = "", y = "" } = publicKey.export({ format: "jwk" });
    const cose = isoCBOR.encode(
      new Map<number, number | Uint8Array<ArrayBuffer>>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, Uint8Array.fromBase64(x, { alphabet: "base64url" })],
        [-3, Uint8Array.fromBase64(y, { alphabet: "base64url" })],
      ]),
    );
    const length = Buffer.alloc(2);
    length.writeUInt16BE(key.id.length);
    const authData = Buffer.concat([
      this.#data(options.rp.id ?? "", ATTESTED, forgery),
      Buffer.alloc(16),
      length,
      key.id,
      cose,
    ]);
    const attestation = isoCBOR.encode(
      new Map<string, string | Uint8Array<ArrayBuffer> | Map<string, Uint8Array<ArrayBuffer>[]>>([
        ["fmt", forgery.attestation ?? "none"],
        ["attStmt", new Map(forgery.attestation === undefined ? [] : [["x5c", [new Uint8Array(8)]]])],
        ["authData", Uint8Array.from(authData)],
      ]),
    );
    const id = key.id.toString("base64url");
    return {
      id,
      rawId: id,
      type: "public-key",
      clientExtensionResults: {},
      response: {
        clientDataJSON: this.#client("webauthn.create", options.challenge, forgery).toString("base64url"),
        attestationObject: Buffer.from(attestation).toString("base64url"),
        transports: ["internal", "hybrid"],
      },
    };
  }

  /** `navigator.credentials.get`. */
  get(options: { challenge: string; rpId?: string }, forgery: Forgery = {}): PasskeyAssertion {
    if (!this.#key) throw new Error("The authenticator has no passkey.");
    const { id, privateKey, userHandle } = this.#key;
    this.counter += 1;
    const data = this.#data(options.rpId ?? "", 0, forgery);
    const client = this.#client("webauthn.get", options.challenge, forgery);
    const signature = createSign("sha256")
      .update(Buffer.concat([data, sha256(client)]))
      .sign(privateKey, "base64url");
    return {
      id: id.toString("base64url"),
      rawId: id.toString("base64url"),
      type: "public-key",
      clientExtensionResults: {},
      response: {
        clientDataJSON: client.toString("base64url"),
        authenticatorData: data.toString("base64url"),
        signature,
        userHandle: forgery.userHandle ?? userHandle,
      },
    };
  }

  #data(rpId: string, flags: number, { rpId: forged = rpId, unverified = false, counter }: Forgery): Buffer {
    const head = Buffer.alloc(5);
    head[0] = PRESENT | (unverified ? 0 : VERIFIED) | flags;
    head.writeUInt32BE(counter ?? this.counter, 1);
    return Buffer.concat([sha256(Buffer.from(forged)), head]);
  }

  #client(type: string, challenge: string, forgery: Forgery): Buffer {
    const { origin = this.origin, challenge: forged = challenge } = forgery;
    return Buffer.from(JSON.stringify({ type, challenge: forged, origin, crossOrigin: false }));
  }
}

function sha256(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}
