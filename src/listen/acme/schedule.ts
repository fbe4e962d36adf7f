// When a certificate is renewed, and when an order that failed is tried again.

import { DAY, HOUR } from "../../units.ts";

/** When a certificate is valid. */
export interface Validity {
  readonly begins: Date;
  readonly expires: Date;
}

/** Renewal begins after this part of the lifetime: 60 of 90 days, 4 of 6. */
const RENEWED_AFTER = 2 / 3;
/** The part of the lifetime over which renewals are spread, so that many servers do not order at the same second. */
const SPREAD = 1 / 40;

/** @param random from 0 to 1 */
export function renewalOf({ begins, expires }: Validity, random: number): number {
  const lifetime = expires.getTime() - begins.getTime();
  return begins.getTime() + lifetime * (RENEWED_AFTER + SPREAD * random);
}

/** The first wait and the longest one, in milliseconds; each wait is three times as long as the one before. */
interface Waits {
  first: number;
  longest: number;
}

/** Waits by what happened. */
const WAITS = {
  /** The network may not be up yet; nothing was counted by the authority. */
  unreachable: { first: 10_000, longest: HOUR },
  /** After 2, 8, 26 and 80 minutes: Let's Encrypt counts failures, and takes five of one name an hour. */
  refused: { first: 120_000, longest: 12 * HOUR },
} as const satisfies Record<string, Waits>;
/** The part of a wait by which it may be longer. */
const JITTER = 0.1;
/** Milliseconds: longer waits that an authority asks for are shortened to it. */
const LONGEST_ASKED = 7 * DAY;

/** An order that failed. */
export interface Failed {
  kind: keyof typeof WAITS;
  /** How many failed one after the other, this one included. */
  failures: number;
  /** Seconds that the authority asked to wait. */
  retryAfter?: number | undefined;
}

/** Milliseconds until the next try. @param random from 0 to 1 */
export function waitAfter({ kind, failures, retryAfter = 0 }: Failed, random: number): number {
  const { first, longest } = WAITS[kind];
  const wait = Math.min(longest, first * 3 ** Math.min(failures - 1, 20));
  return Math.max(wait * (1 + JITTER * random), Math.min(retryAfter * 1000, LONGEST_ASKED));
}

/** Orders of one host that the authority refused. */
export interface Refusals {
  /** Milliseconds since 1970, the oldest first; at most four are kept. */
  times: readonly number[];
  /** Until when the authority asked to wait. */
  until: number;
}

/** Refusals after which the hour must pass: one less than Let's Encrypt takes, because the clocks differ. */
export const MOST_REFUSALS = 4;

/**
 * When the limits of authorities permit the next order: at once after a restart, since somebody may have removed the cause. Times that are
 * too far ahead are those of a clock that was wrong, and do not count.
 */
export function permittedFrom({ times, until }: Refusals, now: number): number {
  const fourth = times.at(-MOST_REFUSALS);
  const requested = until > now + LONGEST_ASKED ? 0 : until;
  return Math.max(requested, fourth === undefined || fourth > now ? 0 : fourth + HOUR);
}
