// Problems of locks.

import { Problem, type ProblemExtras } from "../../errors.ts";
import type { Lock } from "./lock-table.ts";

/** A change, or another lock, is refused because of a lock. */
export class LockedProblem extends Problem {
  /** @param lock never shown as a whole: the client may not be allowed to list its path, and the token belongs to another one */
  constructor(
    readonly lock: Lock,
    detail: string,
    extras?: ProblemExtras,
  ) {
    super("locked", detail, extras);
  }
}

/** @param where begins the sentence @param names whether the client may know who made the lock */
export function locked(lock: Lock, where: string, names: boolean): LockedProblem {
  const holder = names && lock.account !== null ? ` by \`${lock.account}\`` : "";
  const until = new Date(lock.expires).toISOString().slice(0, 19);
  return new LockedProblem(
    lock,
    `${where} is locked${holder} until ${until}Z, unless the lock is renewed or released earlier. Try again then.`,
  );
}

export function lockNotFound(): Problem {
  return new Problem(
    "no_such_lock",
    "There is no lock with this token here: it may have expired, or been released.",
  );
}

export function notYourLock(): Problem {
  return new Problem(
    "not_allowed",
    "Another account made this lock, and only it or an owner of this server may change it.",
  );
}

const TOO_MANY = {
  all: "The server holds its maximum number of locks.",
  yours: "You hold the maximum number of locks for one client.",
  shared: "This path has its maximum number of locks.",
} as const;

export function tooManyLocks(which: keyof typeof TOO_MANY): Problem {
  return new Problem("too_many_locks", `${TOO_MANY[which]} Release some, or wait until some expire.`, {
    headers: { "retry-after": "60" },
  });
}

/** @param limit bytes */
export function ownerTooLong(limit: number): Problem {
  const detail = `The element \`owner\` of a lock may have at most ${limit} bytes.`;
  return new Problem("invalid_request", detail, {
    errors: [{ code: "too_long", pointer: "/owner", detail }],
  });
}
