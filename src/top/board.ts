// The current state of a server's uploads, with the present rate of each.

import type { ActiveUpload, EndedUpload } from "./feed.ts";

/** Time constant of the moving average, in seconds. */
const TIME_CONSTANT = 2;
/** Seconds for which a finished upload stays visible. */
const SHOW_SECONDS = 10;
/** Maximum number of visible finished uploads. */
const MAX_ENDED = 50;

/** The rate of one upload, and its last sample: the bytes received at a point in time. */
interface Pace {
  rate: number;
  received: number;
  at: number;
}

/** All times are in milliseconds, read by the caller from one clock. */
export class Board {
  arriving: ActiveUpload[] = [];
  waiting: ActiveUpload[] = [];
  /** Why the connection was lost, and when the next attempt is. */
  lost: { why: string; until: number } | undefined;
  /** Whether a first snapshot has arrived. */
  known = false;
  #paces = new Map<string, Pace>();
  #ended: { upload: EndedUpload; at: number }[] = [];

  update(uploads: readonly ActiveUpload[], now: number): void {
    const paces = new Map<string, Pace>();
    for (const upload of uploads) paces.set(keyOf(upload), this.#pace(upload, now));
    this.#paces = paces;
    this.arriving = uploads.filter(({ state }) => state !== "waiting");
    this.waiting = uploads.filter(({ state }) => state === "waiting");
    this.lost = undefined;
    this.known = true;
  }

  addEnded(upload: EndedUpload, now: number): void {
    this.#ended.push({ upload, at: now });
    if (this.#ended.length > MAX_ENDED) this.#ended.shift();
  }

  /** Recently finished uploads, newest first. */
  ended(now: number): EndedUpload[] {
    this.#ended = this.#ended.filter(({ at }) => now - at < SHOW_SECONDS * 1000);
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
    const previous = this.#paces.get(keyOf(upload));
    // Until there are two samples, use the server's figure, which is the average since the upload began.
    if (!previous) return { rate: bytesPerSecond, received, at: now };
    const seconds = (now - previous.at) / 1000;
    if (seconds <= 0) return previous;
    const rate = Math.max(0, received - previous.received) / seconds;
    const weight = 1 - Math.exp(-seconds / TIME_CONSTANT);
    return { rate: previous.rate + weight * (rate - previous.rate), received, at: now };
  }
}

/** Identifies an upload by id and start: clients choose ids, so several uploads may share one. */
export function keyOf({ id, path, started }: Pick<ActiveUpload, "id" | "path" | "started">): string {
  return `${id}\n${path}\n${started}`;
}
