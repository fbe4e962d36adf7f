// A cap: the bytes per second that all uploads together, and all downloads together, of a link, an account or the whole server may have.

import { formatRate } from "../../units.ts";
import { type CapClock, FairQueue, SYSTEM_CLOCK } from "./fair-queue.ts";

/** Seconds after which running downloads learn of a new share: many may begin in one moment. */
const NOTICE = 0.02;

/** A download under a cap. */
export interface Sharer {
  /** The share of one of its caps has changed. */
  changed(): void;
}

/** One cap, for uploads and for downloads separately. Its uploads take turns; each of its downloads gets the same share. */
export class Cap {
  readonly uploads: FairQueue;
  readonly #downloads = new Set<Sharer>();
  #noticing = false;

  /**
   * @param rate bytes per second
   * @param label completes "the cap of …": `this link`, `your account`, `this server`
   */
  constructor(
    readonly rate: number,
    readonly label: string,
    readonly clock: CapClock = SYSTEM_CLOCK,
  ) {
    this.uploads = new FairQueue(rate, clock);
  }

  /** As the flow report names it: `cap of this link (5 MB/s)`. */
  get name(): string {
    return `cap of ${this.label} (${formatRate(this.rate)})`;
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
