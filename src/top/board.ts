// What is known of a server's uploads at one moment, and how fast each is now.

import type { Arriving, EndedUpload } from "./feed.ts";

/** Seconds after which a rate is mostly that of now. */
const SMOOTH = 2;
/** Seconds for which an upload that ended is shown, and how many. */
const SHOWN = 10;
const MOST = 50;

/** How fast one is, and at what it was looked last. */
interface Pace {
  rate: number;
  received: number;
  at: number;
}

/** Times are milliseconds of one clock, given by whoever calls. */
export class Board {
  arriving: Arriving[] = [];
  waiting: Arriving[] = [];
  /** Why nothing comes, and when it is tried again. */
  lost: { why: string; until: number } | undefined;
  /** Whether anything is known yet. */
  known = false;
  #paces = new Map<string, Pace>();
  #ended: { upload: EndedUpload; at: number }[] = [];

  take(uploads: readonly Arriving[], now: number): void {
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

  /** Those that ended a moment ago, the newest first. */
  ended(now: number): EndedUpload[] {
    this.#ended = this.#ended.filter(({ at }) => now - at < SHOWN * 1000);
    return this.#ended.map(({ upload }) => upload).reverse();
  }

  /** Bytes per second, now. */
  rateOf(upload: Arriving): number {
    return this.#paces.get(keyOf(upload))?.rate ?? 0;
  }

  get rate(): number {
    return this.arriving.reduce((sum, upload) => sum + this.rateOf(upload), 0);
  }

  #pace({ bytesPerSecond, ...upload }: Arriving, now: number): Pace {
    const { received } = upload;
    const before = this.#paces.get(keyOf(upload));
    // Until there is more, the server's own figure, which is that since its beginning.
    if (!before) return { rate: bytesPerSecond, received, at: now };
    const seconds = (now - before.at) / 1000;
    if (seconds <= 0) return before;
    const rate = Math.max(0, received - before.received) / seconds;
    const weight = 1 - Math.exp(-seconds / SMOOTH);
    return { rate: before.rate + weight * (rate - before.rate), received, at: now };
  }
}

/** Clients choose ids, so several uploads may have the same. */
export function keyOf({ id, path, started }: Pick<Arriving, "id" | "path" | "started">): string {
  return `${id}\n${path}\n${started}`;
}
