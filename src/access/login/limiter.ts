// Limits failed logins, per client address and per account. An attempt counts from its beginning, before a hash is computed.

import { Problem } from "../../errors.ts";

/** Failures that are possible at once, and the seconds after which one more is. */
export interface FailureLimit {
  readonly burst: number;
  readonly interval: number;
}

const BY_ADDRESS: FailureLimit = { burst: 10, interval: 30 };
/** From all addresses together: 1,440 guesses a day. */
const BY_ACCOUNT: FailureLimit = { burst: 20, interval: 60 };
/** Addresses, accounts, and pairs of both that are remembered. */
const MOST_KEYS = 10_000;
/** Names of accounts are shorter. */
const LONGEST_NAME = 128;

/** One attempt, which is a failure until it has ended otherwise. */
export interface Attempt {
  /** The login was right: the attempt does not count, and this address is from now on free of the account's limit. */
  succeeded(): void;
  /** Nothing was checked, for example because too many logins are waiting: the attempt does not count. */
  withdrawn(): void;
}

export class LoginLimiter {
  readonly #byAddress: Failures;
  readonly #byAccount: Failures;
  /** Pairs of address and account that have logged in; the one used longest ago first. */
  readonly #known = new Set<string>();

  /** @param now a monotonic clock in seconds: a clock that is set must neither end a wait nor prolong it */
  constructor(now: () => number = () => performance.now() / 1000) {
    this.#byAddress = new Failures(BY_ADDRESS, now);
    this.#byAccount = new Failures(BY_ACCOUNT, now);
  }

  /**
   * Begins an attempt to log in.
   * @param client the address as limits count it (`clientOf`); undefined for loopback, which may be a proxy that reports no
   * addresses: then one client is not told from another, and only the account's limit counts
   * @param account the name as it was sent, whether there is such an account or not; undefined when the client sent none
   * @throws Problem too_many_logins
   */
  begin(client: string | undefined, account: string | undefined): Attempt {
    const name = account?.slice(0, LONGEST_NAME);
    const pair = client !== undefined && name !== undefined ? `${client} ${name}` : undefined;
    const free = pair !== undefined && this.#known.has(pair);
    const counted: [Failures, string][] = [];
    if (client !== undefined) counted.push([this.#byAddress, client]);
    if (name !== undefined && !free) counted.push([this.#byAccount, name]);
    const wait = Math.max(0, ...counted.map(([failures, key]) => failures.wait(key)));
    if (wait > 0) throw tooMany(Math.ceil(wait));
    for (const [failures, key] of counted) failures.add(key);
    let open = true;
    const withdrawn = (): void => {
      if (open) for (const [failures, key] of counted) failures.remove(key);
      open = false;
    };
    const succeeded = (): void => {
      withdrawn();
      if (pair !== undefined) this.#remember(pair);
    };
    return { succeeded, withdrawn };
  }

  #remember(pair: string): void {
    this.#known.delete(pair);
    this.#known.add(pair);
    const [oldest] = this.#known;
    if (oldest !== undefined && this.#known.size > MOST_KEYS) this.#known.delete(oldest);
  }
}

/**
 * Failures by key. Each moves the time at which the key has no failure left an interval into the future, so one number
 * a key is enough (the generic cell rate algorithm).
 */
class Failures {
  /** When no failure is left, in seconds, by key; the key that failed longest ago first. */
  readonly #clear = new Map<string, number>();

  constructor(
    readonly limit: FailureLimit,
    readonly now: () => number,
  ) {}

  /** Seconds until another attempt is possible; 0 for now. */
  wait(key: string): number {
    const { burst, interval } = this.limit;
    return Math.max(0, this.#left(key) - (burst - 1) * interval);
  }

  add(key: string): void {
    const clear = this.now() + this.#left(key) + this.limit.interval;
    this.#clear.delete(key);
    this.#clear.set(key, clear);
    const [oldest] = this.#clear.keys();
    if (oldest !== undefined && this.#clear.size > MOST_KEYS) this.#clear.delete(oldest);
  }

  remove(key: string): void {
    const left = this.#left(key) - this.limit.interval;
    if (left > 0) this.#clear.set(key, this.now() + left);
    else this.#clear.delete(key);
  }

  #left(key: string): number {
    return Math.max(0, (this.#clear.get(key) ?? 0) - this.now());
  }
}

function tooMany(seconds: number): Problem {
  return new Problem(
    "too_many_logins",
    `Too many logins have failed. Try again in ${seconds} ${seconds === 1 ? "second" : "seconds"}.`,
    { headers: { "retry-after": String(seconds) } },
  );
}
