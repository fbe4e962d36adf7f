// Lock-Token and Timeout: which lock a request is about, and how long it lasts (RFC 4918 sections 10.5 and 10.7).

import { invalidHeader } from "../invalid-header.ts";

/** Seconds of a lock whose client wishes nothing. */
const DEFAULT_SECONDS = 600;

/** The seconds that a client wishes a lock to last, the first value that is understood; `Infinity` for no end. */
export function wantedSeconds(headers: Headers): number {
  for (const value of (headers.get("timeout") ?? "").split(",")) {
    const [, seconds] = /^\s*second-(\d{1,10})\s*$/i.exec(value) ?? [];
    if (seconds !== undefined) return Number(seconds);
    if (/^\s*infinite\s*$/i.test(value)) return Number.POSITIVE_INFINITY;
  }
  return DEFAULT_SECONDS;
}

/** The token of `Lock-Token`. Some clients forget the angle brackets. @throws Problem invalid_request */
export function lockToken(headers: Headers): string {
  const [, token] = /^\s*<?([^<>\s]+)>?\s*$/.exec(headers.get("lock-token") ?? "") ?? [];
  if (token !== undefined) return token;
  throw invalidHeader("Lock-Token", "Send `Lock-Token: <urn:uuid:…>`, the token of the lock.");
}
