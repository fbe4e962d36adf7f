// The second factor: six digits from an authenticator app, of which each is used once (RFC 6238).

import { Secret, TOTP } from "otpauth";

/** Bytes of a secret, as long as the result of SHA-1 (RFC 4226 section 4). */
const SECRET_BYTES = 20;
/** Seconds in which the app shows one code. */
const PERIOD = 30;
/** Steps before and after the present one that are accepted, for clocks that differ and people who type slowly. */
const WINDOW = 1;

/** The secret that an authenticator app gets, in two forms. */
export interface NewTotp {
  /** In base32, for apps that cannot scan. */
  secret: string;
  /** An `otpauth://` address, for a QR code. */
  uri: string;
}

/** @param server what the app shows above the name: the host of the server */
export function newTotp(server: string, account: string): NewTotp {
  const secret = new Secret({ size: SECRET_BYTES }).base32;
  // Apps split "server:account" at the colon.
  return { secret, uri: totp(secret, server.replaceAll(":", " "), account).toString() };
}

/**
 * Checks a code.
 * @param lastStep the step of the last code that was accepted: a code of this step or an earlier one is refused. A clock that was ahead
 * and is set back therefore refuses all codes until it gets there again.
 * @param now milliseconds since 1970
 * @returns the step of the code, to be saved; undefined when the code is wrong or was used
 */
export function stepOfCode(secret: string, code: string, lastStep: number, now: number): number | undefined {
  const token = code.replace(/\s/g, "");
  if (!/^\d{6}$/.test(token)) return undefined;
  const delta = totp(secret).validate({ token, timestamp: now, window: WINDOW });
  if (delta === null) return undefined;
  const step = Math.floor(now / 1000 / PERIOD) + delta;
  return step > lastStep ? step : undefined;
}

function totp(secret: string, issuer = "", label = ""): TOTP {
  // The only parameters that all apps support.
  return new TOTP({ issuer, label, secret, algorithm: "SHA1", digits: 6, period: PERIOD });
}
