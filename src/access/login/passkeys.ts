// Passkeys (WebAuthn): registering one for an account, and logging in with one, which replaces name, password and code.

import { Buffer } from "node:buffer";
import { isIP } from "node:net";
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
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
  registration(party: RelyingParty, holder: PasskeyHolder): Promise<PublicKeyCredentialCreationOptionsJSON> {
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
  login(party: RelyingParty): Promise<PublicKeyCredentialRequestOptionsJSON> {
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

function registrationOf({ uid }: PasskeyHolder): string {
  return `register ${uid}`;
}

function bytesOf(challenge: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromBase64(challenge, { alphabet: "base64url" });
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
