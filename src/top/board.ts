// The current state of a server's uploads, with the present rate of each.

import type { ActiveUpload, EndedUpload } from "./feed.ts";

/** Time constant of the moving average, in seconds. */
const SMOOTH = 2;
/** Seconds for which a finished upload stays visible, and the most that stay. */
const SHOWN = 10;
const MOST = 50;

/** The rate of one upload, and the sample it was computed from. */
interface Pace {
  rate: number;
  received: number;
  at: number;
}

/** All times are milliseconds of one clock, which the caller reads. */
export class Board {
  arriving: ActiveUpload[] = [];
  waiting: ActiveUpload[] = [];
  /** Why the connection was lost, and when the next attempt is. */
  lost: { why: string; until: number } | undefined;
  /** Whether a first snapshot has arrived. */
  known = false;
  #paces = new Map<string, Pace>();
  #ended: { upload: EndedUpload; at: number }[] = [];

  take(uploads: readonly ActiveUpload[], now: number): void {
    const paces = new Map<string, Pace>();
    for (const upload of uploads) paces.set(keyOf(upload), this.#pace(upload, now));
    this.#paces = paces;
    this.arriving = uploads.filter(({ state }) => state !== "waiting");
    this.waiting = uploads.filter(({ state }) => state === "waiting");
    this.lost = undefined;
    this.known = true;
  }

  end(upload: EndedUpload, now: number): void {
    this.#ended.push({ upload, at: now });
    if (this.#ended.length > MOST) this.#ended.shift();
  }

  /** Recently finished uploads, newest first. */
  ended(now: number): EndedUpload[] {
    this.#ended = this.#ended.filter(({ at }) => now - at < SHOWN * 1000);
    return this.#ended.map(({ upload }) => upload).reverse();
  }

  /** Present rate in bytes per second. */
  rateOf(upload: ActiveUpload): number {
    return this.#paces.get(keyOf(upload))?.rate ?? 0;
  }

  get rate(): number {
    return this.arriving.reduce((sum, upload) => sum + this.rateOf(upload), 0);
  }

  #pace({ bytesPerSecond, ...upload }: ActiveUpload, now: number): Pace {
    const { received } = upload;
    const before = this.#paces.get(keyOf(upload));
    // Until there are two samples, use the server's figure, which is the average since the upload began.
    if (!before) return { rate: bytesPerSecond, received, at: now };
    const seconds = (now - before.at) / 1000;
    if (seconds <= 0) return before;
    const rate = Math.max(0, received - before.received) / seconds;
    const weight = 1 - Math.exp(-seconds / SMOOTH);
    return { rate: before.rate + weight * (rate - before.rate), received, at: now };
  }
}

/** Identifies an upload by id and start: clients choose ids, so several uploads may share one. */
export function keyOf({ id, path, started }: Pick<ActiveUpload, "id" | "path" | "started">): string {
  return `${id}\n${path}\n${started}`;
}
