// A cap: the bytes per second that all uploads, and likewise all downloads, of a link, an account or the whole server may have together.

import { formatRate } from "../../units.ts";

/** Seconds of unused rate that the next bytes may use: without it, every timer that fires late would lose some of the rate. */
const CREDIT = 0.05;
/** Caps created between two searches for those that are used no more. */
const SWEEP_INTERVAL = 256;

/** The clock of caps and of those who wait for them. */
export interface CapClock {
  /** Seconds, monotonic. */
  now(): number;
  /** Calls back after some seconds, unless the result is called before. */
  after(seconds: number, callback: () => void): () => void;
}

export const SYSTEM_CLOCK: CapClock = {
  now: () => performance.now() / 1000,
  after(seconds, callback) {
    const timer = setTimeout(callback, seconds * 1000);
    return () => clearTimeout(timer);
  },
};

/**
 * One cap. Its uploads share a bucket in virtual time: each counts the bytes that arrived, and reads on at the time at which
 * all bytes counted so far fit the rate. An upload has one chunk in the bucket at a time, so they take turns.
 */
export class Cap {
  /** The time at which all bytes counted so far fit the rate. */
  #filled: number;

  /** @param label completes "the cap of …": `this link`, `your account`, `this server` */
  constructor(
    readonly rate: number,
    readonly label: string,
    readonly clock: CapClock = SYSTEM_CLOCK,
  ) {
    this.#filled = clock.now();
  }

  /** As the flow report names it: `cap of this link (5 MB/s)`. */
  get name(): string {
    return `cap of ${this.label} (${formatRate(this.rate)})`;
  }

  /** Counts bytes of an upload that have arrived. @returns the time before which the upload must not read on */
  count(bytes: number): number {
    this.#filled = Math.max(this.#filled, this.clock.now() - CREDIT) + bytes / this.rate;
    return this.#filled;
  }
}

/** The caps of links, accounts and the server. Transfers hold their caps; the registry does not keep them alive. */
export class Caps {
  readonly #caps = new Map<string, WeakRef<Cap>>();
  #created = 0;
  /** The cap of all uploads together, and of all downloads together. */
  readonly server: Cap | undefined;

  /** @param serverRate bytes per second, from --cap; undefined for no cap */
  constructor(
    serverRate: number | undefined,
    readonly clock: CapClock = SYSTEM_CLOCK,
  ) {
    if (serverRate !== undefined) this.server = new Cap(serverRate, "this server", clock);
  }

  /** Caps that are remembered. */
  get size(): number {
    return this.#caps.size;
  }

  /**
   * The cap of a key, the same one for all transfers that run at the same time. With another rate it is another cap, which
   * transfers that begin from now on use.
   * @param key such as `link:ID`
   * @param rate bytes per second
   */
  of(key: string, rate: number, label: string): Cap {
    const known = this.#caps.get(key)?.deref();
    if (known?.rate === rate) return known;
    const cap = new Cap(rate, label, this.clock);
    this.#caps.set(key, new WeakRef(cap));
    this.#created += 1;
    if (this.#created % SWEEP_INTERVAL === 0) this.sweep();
    return cap;
  }

  /** Forgets the caps that nothing uses any more. */
  sweep(): void {
    for (const [key, cap] of this.#caps) if (cap.deref() === undefined) this.#caps.delete(key);
  }
}
