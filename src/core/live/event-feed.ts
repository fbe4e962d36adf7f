// Live feed of unfinished uploads: each snapshot is serialized once and sent to every subscriber with the same view.

import { COMMENT, eventBytes } from "../../http/event-stream.ts";
import { Gate } from "../admission/gate.ts";
import { ALL_UPLOADS, type UploadFilter } from "../report/active-uploads.ts";
import type { RecentUpload } from "../report/recent-uploads.ts";
import type { UploadRegistry } from "../resumable/registry.ts";
import type { Uploader } from "../upload/uploader.ts";

/** Maximum number of subscribers, in all and from one client. */
const MAX_SUBSCRIBERS = 100;
const MAX_PER_CLIENT = 25;
/** Minimum milliseconds between two snapshots. */
const MIN_INTERVAL = 100;
/** Maximum bytes of snapshots per millisecond and subscriber: larger snapshots are made less often. */
const MAX_RATE = 512;
/** Milliseconds without an event after which a comment keeps the connection alive. */
const KEEP_ALIVE = 15_000;
/** Seconds a refused client is asked to wait. */
const RETRY_AFTER = 10;

/** The uploads that a subscriber may see. Subscribers with the same key see the same. */
export interface FeedView {
  key: string;
  sees: UploadFilter;
}

const WHOLE: FeedView = { key: "", sees: ALL_UPLOADS };

/** The unfinished uploads of a view at one moment, as sent to every subscriber with it. */
interface Snapshot {
  /** The JSON without the event id, compared to detect changes. */
  text: string;
  bytes: Uint8Array<ArrayBuffer>;
  /** Number of uploads that had ended, up to the last one of the view. */
  ended: number;
}

/** The feed of one server. */
export class EventFeed {
  readonly #subscribers = new Set<Subscriber>();
  readonly #gate = new Gate(
    MAX_SUBSCRIBERS,
    {
      code: "too_many_listeners",
      detail: `${MAX_SUBSCRIBERS} clients are already listening, the maximum. Try again in ${RETRY_AFTER} seconds.`,
    },
    RETRY_AFTER,
    {
      limit: MAX_PER_CLIENT,
      detail: `${MAX_PER_CLIENT} clients at your address are already listening, the maximum. Try again in ${RETRY_AFTER} seconds.`,
    },
  );
  /** Part of every event id, because the numbers of ended uploads restart at 0 with the server. */
  readonly #run = crypto.randomUUID().slice(0, 8);
  /** Events of ended uploads, serialized once. */
  readonly #endedEvents = new WeakMap<RecentUpload, Uint8Array<ArrayBuffer>>();
  /** By the key of their view: one for each different view of the subscribers. */
  #snapshots = new Map<string, Snapshot>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly uploader: Uploader,
    readonly uploads: UploadRegistry,
    readonly keepAlive = KEEP_ALIVE,
  ) {}

  /** Number of subscribers. */
  get size(): number {
    return this.#subscribers.size;
  }

  /** The running and suspended uploads that `sees` selects. */
  list(sees = ALL_UPLOADS) {
    return { uploads: [...this.uploader.activeUploads.reports(sees), ...this.uploads.reports(sees)] };
  }

  /**
   * Subscribes a client until `close` is called on the result.
   * @param last id of the last event the client received; null for none
   * @param onEnd called when the server ends the subscription
   * @param client that is counted; `undefined` for none
   * @param view the uploads that are sent. @default all
   * @throws Problem draining, too_many_listeners
   */
  listen(last: string | null, onEnd: () => void, client?: string, view = WHOLE): Subscriber {
    this.uploader.assertAccepting();
    const leaveGate = this.#gate.enter(client);
    const subscriber = new Subscriber(view, this.#endedBefore(last), (self) => this.#pending(self), {
      closed: (self) => {
        leaveGate();
        this.#remove(self);
      },
      ended: onEnd,
    });
    this.#subscribers.add(subscriber);
    if (this.#timer === undefined) this.#refresh();
    else if (!this.#snapshots.has(view.key)) this.#snapshots.set(view.key, this.#take(view, undefined));
    return subscriber;
  }

  /** Ends all subscriptions. Calling it again has no effect. */
  close(): void {
    for (const subscriber of this.#subscribers) subscriber.end();
  }

  /** The number of the last ended upload that a client with this event id knows of. */
  #endedBefore(last: string | null): number {
    if (last === null) return this.uploader.recentUploads.count;
    const [run, count] = last.split("-");
    // The client knows of no upload that ended since the server started.
    if (run !== this.#run || !/^\d{1,15}$/.test(count ?? "")) return 0;
    return Math.min(Number(count), this.uploader.recentUploads.count);
  }

  /** Takes a snapshot if anything changed, wakes the subscribers, and schedules the next one. */
  #refresh(): void {
    if (this.uploader.draining) {
      this.close();
      return;
    }
    const before = this.#snapshots;
    this.#snapshots = new Map();
    let characters = 0;
    for (const { view } of this.#subscribers) {
      if (this.#snapshots.has(view.key)) continue;
      const snapshot = this.#take(view, before.get(view.key));
      this.#snapshots.set(view.key, snapshot);
      characters += snapshot.text.length;
    }
    for (const subscriber of this.#subscribers) subscriber.wake();
    this.#timer = setTimeout(() => this.#refresh(), Math.max(MIN_INTERVAL, characters / MAX_RATE));
    this.#timer.unref();
  }

  /** A snapshot of a view; the one before if nothing has changed in the view. */
  #take({ sees }: FeedView, before: Snapshot | undefined): Snapshot {
    const { recentUploads } = this.uploader;
    const text = JSON.stringify(this.list(sees));
    const { count } = recentUploads;
    const isNew = (upload: RecentUpload): boolean => sees(upload.path, recentUploads.makerOf(upload));
    const ended = before && !recentUploads.between(before.ended, count).some(isNew) ? before.ended : count;
    if (before && text === before.text && ended === before.ended) return before;
    return { text, bytes: eventBytes({ id: `${this.#run}-${ended}`, name: "uploads", json: text }), ended };
  }

  /** The events to send to a subscriber now; a comment when the last event was long ago. */
  #pending(subscriber: Subscriber): Uint8Array<ArrayBuffer>[] {
    const { view } = subscriber;
    const snapshot = this.#snapshots.get(view.key);
    if (snapshot === undefined) return [];
    if (subscriber.snapshot === snapshot)
      return performance.now() - subscriber.sentAt >= this.keepAlive ? [COMMENT] : [];
    const { recentUploads } = this.uploader;
    const ended = recentUploads.between(subscriber.ended, snapshot.ended);
    const firstNumber = snapshot.ended - ended.length + 1;
    subscriber.snapshot = snapshot;
    subscriber.ended = snapshot.ended;
    const events = ended.flatMap((upload, index) =>
      view.sees(upload.path, recentUploads.makerOf(upload))
        ? [this.#endedEvent(upload, firstNumber + index)]
        : [],
    );
    return [...events, snapshot.bytes];
  }

  #endedEvent(upload: RecentUpload, number: number): Uint8Array<ArrayBuffer> {
    const cached = this.#endedEvents.get(upload);
    if (cached) return cached;
    const json = JSON.stringify({ ended: upload });
    const bytes = eventBytes({ id: `${this.#run}-${number}`, name: "ended", json });
    this.#endedEvents.set(upload, bytes);
    return bytes;
  }

  #remove(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
    if (this.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#snapshots.clear();
  }
}

/** One subscription. It has no buffer: a slow reader skips snapshots instead of queueing them. */
export class Subscriber {
  /** The last snapshot sent. */
  snapshot: Snapshot | undefined;
  /** Time of the last event, in milliseconds of `performance.now()`. */
  sentAt = performance.now();
  #wake: (() => void) | undefined;
  #closed = false;

  /**
   * @param view the uploads that are sent; another one takes effect with the next snapshot
   * @param ended number of the last ended upload that the client knows of
   * @param pending returns the events to send now
   */
  constructor(
    public view: FeedView,
    public ended: number,
    readonly pending: (subscriber: Subscriber) => Uint8Array<ArrayBuffer>[],
    readonly on: { closed: (subscriber: Subscriber) => void; ended: () => void },
  ) {}

  /** Waits for the next events. @returns null when the subscription has ended */
  async next(): Promise<Uint8Array<ArrayBuffer>[] | null> {
    while (!this.#closed) {
      const events = this.pending(this);
      if (events.length > 0) {
        this.sentAt = performance.now();
        return events;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return null;
  }

  /** Makes `next` check for new events. */
  wake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  /** Ends the subscription on behalf of the server. */
  end(): void {
    this.close();
    this.on.ended();
  }

  /** Ends the subscription. Calling it again has no effect. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.on.closed(this);
    this.wake();
  }
}
