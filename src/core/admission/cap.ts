// A cap: the bytes per second that all uploads together, and all downloads together, of a link, an account or the whole server may have.

import { formatRate } from "../../units.ts";

/** Seconds of unused rate that the next bytes may use: without it, every timer that fires late would lose some of the rate. */
const CREDIT = 0.05;
/** Seconds after which running downloads learn of a new share: many may begin in one moment. */
const NOTICE = 0.02;
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

/** A download under a cap. */
export interface Sharer {
  /** The share of one of its caps has changed. */
  changed(): void;
}

/**
 * One cap, for uploads and for downloads separately. Its uploads share a bucket in virtual time: each counts the bytes that arrived, and reads on at the time at which
 * all bytes counted so far fit the rate. An upload has one chunk in the bucket at a time, so they take turns. Each download
 * gets the same share.
 */
export class Cap {
  /** The time at which all bytes counted so far fit the rate. */
  #filled: number;
  readonly #downloads = new Set<Sharer>();
  #noticing = false;

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

  /** Bytes per second of each download. */
  get share(): number {
    return this.rate / Math.max(1, this.#downloads.size);
  }

  /** Counts a download, until `leave`. */
  join(download: Sharer): void {
    this.#downloads.add(download);
    this.#notice();
  }

  leave(download: Sharer): void {
    if (this.#downloads.delete(download)) this.#notice();
  }

  #notice(): void {
    if (this.#noticing) return;
    this.#noticing = true;
    this.clock.after(NOTICE, () => {
      this.#noticing = false;
      for (const download of this.#downloads) download.changed();
    });
  }
}
