// Passkeys (WebAuthn): registering one for an account, and logging in with one, which replaces name, password and code.

import { Buffer } from "node:buffer";
import { isIP } from "node:net";
import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from "@simplewebauthn/server";
import { Problem } from "../../errors.ts";
import { Challenges } from "./challenges.ts";
import type { PasskeyAssertion, PasskeyAttestation } from "./passkey-shapes.ts";

/** The website a passkey belongs to; browsers offer it nowhere else. */
export interface RelyingParty {
  /** The host, without a port. */
  id: string;
  origin: string;
}

/** A passkey as it is stored. */
export interface StoredPasskey {
  /** In base64url. */
  id: string;
  publicKey: Uint8Array;
  /** Signatures so far; 0 for passkeys that do not count. */
  counter: number;
  /** How browsers reach it, separated by commas. */
  transports: string;
}

/** The account that a passkey belongs to. */
export interface PasskeyHolder {
  name: string;
  /** Stored in the passkey: never the name, and never used again. */
  uid: string;
  passkeys: readonly StoredPasskey[];
}

/** Milliseconds that a browser waits for the person, shorter than a challenge is valid. */
const TIMEOUT = 4 * 60_000;
const LOGIN = "login";

/** @returns undefined where browsers support no passkeys: without HTTPS, except on localhost, and under an address */
export function relyingPartyOf(url: string): RelyingParty | undefined {
  const { protocol, hostname, origin } = new URL(url);
  const local = hostname === "localhost" || hostname.endsWith(".localhost");
  if (protocol !== "https:" && !(protocol === "http:" && local)) return undefined;
  if (isIP(hostname) !== 0 || hostname.startsWith("[")) return undefined;
  return { id: hostname, origin };
}

export class Passkeys {
  readonly #challenges: Challenges;

  constructor(challenges = new Challenges()) {
    this.#challenges = challenges;
  }

  /** The options for `navigator.credentials.create`, so that the account gets one more passkey. */
  async registration(
    party: RelyingParty,
    holder: PasskeyHolder,
  ): Promise<PublicKeyCredentialCreationOptionsJSON> {
    const { generateRegistrationOptions } = await webAuthn();
    return generateRegistrationOptions({
      rpName: "Sluice",
      rpID: party.id,
      userName: holder.name,
      userDisplayName: holder.name,
      userID: new TextEncoder().encode(holder.uid),
      challenge: bytesOf(this.#challenges.issue(registrationOf(holder))),
      timeout: TIMEOUT,
      excludeCredentials: holder.passkeys.map(({ id, transports }) => ({
        id,
        transports: listed(transports),
      })),
      // Found without a name, and unlocked by the person: it is used instead of both factors.
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
    });
  }

  /** The passkey that a browser has made. @throws Problem invalid_request */
  async register(
    party: RelyingParty,
    holder: PasskeyHolder,
    response: PasskeyAttestation,
  ): Promise<StoredPasskey> {
    const { verifyRegistrationResponse } = await webAuthn();
    await refuseCertificates(response);
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response,
      expectedChallenge: (challenge) => this.#challenges.spend(challenge, registrationOf(holder)),
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
    }).catch((cause) => {
      throw refused(cause);
    });
    if (!verified) throw refused(new Error("The attestation is wrong."));
    const { id, publicKey, counter, transports = [] } = registrationInfo.credential;
    return { id, publicKey, counter, transports: transports.join(",") };
  }

  /** The options for `navigator.credentials.get`. They are the same for everybody, so that they tell of no account. */
  async login(party: RelyingParty): Promise<PublicKeyCredentialRequestOptionsJSON> {
    const { generateAuthenticationOptions } = await webAuthn();
    return generateAuthenticationOptions({
      rpID: party.id,
      challenge: bytesOf(this.#challenges.issue(LOGIN)),
      timeout: TIMEOUT,
      userVerification: "required",
    });
  }

  /**
   * Checks the answer of a passkey.
   * @param find the stored passkey with an id, and the `uid` of its account
   * @returns the passkey with its new counter, to be saved
   * @throws Problem wrong_login, also for a counter that does not grow: the passkey was copied
   */
  async verify<Found extends StoredPasskey & { uid: string }>(
    party: RelyingParty,
    response: PasskeyAssertion,
    find: (id: string) => Found | undefined,
  ): Promise<Found> {
    const found = find(response.id);
    if (!found) throw wrong(new Error("The passkey is unknown."));
    const handle = Buffer.from(response.response.userHandle ?? "", "base64url").toString();
    if (handle !== found.uid) throw wrong(new Error("The passkey is of another account."));
    const { id, publicKey, counter, transports } = found;
    const { verifyAuthenticationResponse } = await webAuthn();
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: (challenge) => this.#challenges.spend(challenge, LOGIN),
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      credential: { id, publicKey: Uint8Array.from(publicKey), counter, transports: listed(transports) },
      requireUserVerification: true,
    }).catch((cause) => {
      throw wrong(cause);
    });
    if (!verified) throw wrong(new Error("The signature is wrong."));
    return { ...found, counter: authenticationInfo.newCounter };
  }
}

/**
 * The library, loaded with the first passkey: few servers need its 300 KB. It uses metadata of classes, and a bundle does
 * not evaluate its own import of them in time.
 */
async function webAuthn(): Promise<typeof import("@simplewebauthn/server")> {
  await import("reflect-metadata");
  return import("@simplewebauthn/server");
}

/**
 * Refuses attestations with certificates, which were not asked for: browsers remove them. The library would fetch the lists of
 * revoked certificates from addresses in them, which anybody who has an account can choose.
 * @throws Problem invalid_request
 */
async function refuseCertificates({ response }: PasskeyAttestation): Promise<void> {
  const { decodeAttestationObject } = await import("@simplewebauthn/server/helpers");
  try {
    const attestation = decodeAttestationObject(bytesOf(response.attestationObject));
    const format = attestation.get("fmt");
    if (format === "none") return;
    // The passkey has signed its own key.
    if (format === "packed" && attestation.get("attStmt").get("x5c") === undefined) return;
  } catch (cause) {
    throw refused(cause);
  }
  throw refused(new Error("The attestation has certificates."));
}

function registrationOf({ uid }: PasskeyHolder): string {
  return `register ${uid}`;
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromBase64(text, { alphabet: "base64url" });
}

function listed(transports: string): string[] {
  return transports.split(",").filter(Boolean);
}

function refused(cause: unknown): Problem {
  return new Problem("invalid_request", "The passkey was not accepted. Try to add it again.", { cause });
}

function wrong(cause: unknown): Problem {
  return new Problem("wrong_login", "The passkey was not accepted.", { cause });
}
