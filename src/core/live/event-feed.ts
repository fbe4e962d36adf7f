// Live feed of running uploads: one snapshot is serialized once and sent to every subscriber.

import { COMMENT, eventBytes } from "../../http/event-stream.ts";
import { Gate } from "../admission/gate.ts";
import type { RecentUpload } from "../report/recent-uploads.ts";
import type { UploadRegistry } from "../resumable/registry.ts";
import type { Uploader } from "../upload/uploader.ts";

/** How many can watch at once. */
const MAX_SUBSCRIBERS = 100;
/** Milliseconds between two looks, at least. */
const PACE = 100;
/** Bytes per millisecond that snapshots take on a line, at most: where a thousand uploads wait, there are fewer. */
const RATE = 512;
/** Milliseconds of silence after which a comment is sent. */
const SILENCE = 15_000;
/** Seconds a refused client is asked to wait. */
const RETRY_AFTER = 10;

/** All that is arriving at one moment, as it goes to everyone. */
interface Snapshot {
  /** Without its id: to see whether anything changed. */
  text: string;
  bytes: Uint8Array<ArrayBuffer>;
  /** How many uploads had ended. */
  ended: number;
}

/** Made once in app.ts. */
export class EventFeed {
  readonly #listeners = new Set<Subscriber>();
  readonly #gate = new Gate(
    MAX_SUBSCRIBERS,
    {
      code: "too_many_listeners",
      detail: `${MAX_SUBSCRIBERS} clients are already listening, the maximum. Try again in ${RETRY_AFTER} seconds.`,
    },
    RETRY_AFTER,
  );
  /** Numbers begin anew with every start of the server, so an id says which start it is of. */
  readonly #start = crypto.randomUUID().slice(0, 8);
  readonly #written = new WeakMap<RecentUpload, Uint8Array<ArrayBuffer>>();
  #snapshot: Snapshot | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly uploader: Uploader,
    readonly uploads: UploadRegistry,
    readonly silence = SILENCE,
  ) {}

  /** How many watch. */
  get size(): number {
    return this.#listeners.size;
  }

  /** All that is arriving, or waits. */
  list() {
    return { uploads: [...this.uploader.activeUploads.reports(), ...this.uploads.reports()] };
  }

  /**
   * Someone watches from now on, until `close`.
   * @param last the id of the last event that was heard; null for none
   * @param onEnd called when the server ends it
   * @throws Problem draining, too_many_listeners
   */
  listen(last: string | null, onEnd: () => void): Subscriber {
    this.uploader.assertAccepting();
    const leave = this.#gate.enter();
    const listener = new Subscriber(this.#after(last), (one) => this.#news(one), {
      closed: (one) => {
        leave();
        this.#remove(one);
      },
      ended: onEnd,
    });
    this.#listeners.add(listener);
    if (this.#timer === undefined) this.#look();
    return listener;
  }

  /** Ends all that is watched. Harmless when repeated. */
  close(): void {
    for (const listener of this.#listeners) listener.end();
  }

  /** How many ended uploads a client has heard of that heard this id. */
  #after(last: string | null): number {
    if (last === null) return this.uploader.recentUploads.count;
    const [start, count] = last.split("-");
    // Of what ended since this start it has heard nothing.
    if (start !== this.#start || !/^\d{1,15}$/.test(count ?? "")) return 0;
    return Math.min(Number(count), this.uploader.recentUploads.count);
  }

  #look(): void {
    if (this.uploader.draining) {
      this.close();
      return;
    }
    const text = JSON.stringify(this.list());
    const ended = this.uploader.recentUploads.count;
    if (text !== this.#snapshot?.text || ended !== this.#snapshot.ended) {
      const id = `${this.#start}-${ended}`;
      this.#snapshot = { text, bytes: eventBytes({ id, name: "uploads", json: text }), ended };
    }
    for (const listener of this.#listeners) listener.wake();
    this.#timer = setTimeout(() => this.#look(), Math.max(PACE, text.length / RATE));
    this.#timer.unref();
  }

  /** What this one has not heard of; nothing when there is nothing. */
  #news(listener: Subscriber): Uint8Array<ArrayBuffer>[] {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return [];
    if (listener.snapshot === snapshot)
      return performance.now() - listener.heard >= this.silence ? [COMMENT] : [];
    const ended = this.uploader.recentUploads.between(listener.ended, snapshot.ended);
    const numbers = snapshot.ended - ended.length + 1;
    listener.snapshot = snapshot;
    listener.ended = snapshot.ended;
    return [...ended.map((upload, at) => this.#endedBytes(upload, numbers + at)), snapshot.bytes];
  }

  #endedBytes(upload: RecentUpload, number: number): Uint8Array<ArrayBuffer> {
    const known = this.#written.get(upload);
    if (known) return known;
    const json = JSON.stringify({ ended: upload });
    const bytes = eventBytes({ id: `${this.#start}-${number}`, name: "ended", json });
    this.#written.set(upload, bytes);
    return bytes;
  }

  #remove(listener: Subscriber): void {
    this.#listeners.delete(listener);
    if (this.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#snapshot = undefined;
  }
}

/** A subscriber. Unbuffered: a slow reader skips snapshots instead of queueing them. */
export class Subscriber {
  /** What it heard last. */
  snapshot: Snapshot | undefined;
  /** When it heard something last. */
  heard = performance.now();
  #wake: (() => void) | undefined;
  #closed = false;

  /** @param ended number of the last ended upload it heard of */
  constructor(
    public ended: number,
    readonly news: (listener: Subscriber) => Uint8Array<ArrayBuffer>[],
    readonly on: { closed: (listener: Subscriber) => void; ended: () => void },
  ) {}

  /** Waits for something new. @returns null when it is over */
  async next(): Promise<Uint8Array<ArrayBuffer>[] | null> {
    while (!this.#closed) {
      const news = this.news(this);
      if (news.length > 0) {
        this.heard = performance.now();
        return news;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return null;
  }

  /** Something may be new. */
  wake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  /** The server ends it. */
  end(): void {
    this.close();
    this.on.ended();
  }

  /** It is over. Harmless when repeated. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.on.closed(this);
    this.wake();
  }
}
