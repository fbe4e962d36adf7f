// Reads a request's body chunk by chunk: measures the wait for the network, ends silent ones, and lets others have a turn.

import { Problem } from "../../errors.ts";
import { type Clock, Stopwatch } from "../../system/stopwatch.ts";

type Bytes = Uint8Array<ArrayBuffer>;
interface Reader {
  read(): Promise<{ done: boolean; value?: Bytes | undefined }>;
  cancel(): Promise<void>;
  releaseLock(): void;
}

/** Milliseconds a body may keep the thread before others get a turn. */
const TURN = 5;

export interface RequestBodyOptions {
  /** Seconds without a byte, while waiting for one, after which the body is given up. */
  idleTimeout: number;
  /** Called while bytes arrive or the disk is waited for, once a second at most: renews the connection's own timer. */
  renew?: () => void;
  /** Whether the chunks are nobody else's, so that their memory is freed at once. Those of Bun's server are. @default false */
  owned?: boolean;
  /** What waits are measured by. @default the system's */
  clock?: Clock;
}

/** One request's body. Read it once; `cancel` or `release` it when it is not read to its end. */
export class RequestBody {
  /** Bytes that arrived. */
  received = 0;
  readonly #reader: Reader | undefined;
  /** Of its own: waits of another client say nothing about those of this one. */
  readonly #stopwatch: Stopwatch;
  #stopped: Problem | undefined;
  #waited = 0;
  /** When the wait under way began, in milliseconds. */
  #since = 0;
  /** What of it is the network's, in seconds. */
  #lasted: (() => number) | undefined;
  #watch: ReturnType<typeof setTimeout> | undefined;
  #turnBegan = performance.now();
  #renewed = 0;

  /** @param stream `null` when the request has no body, or one of zero bytes */
  constructor(
    stream: ReadableStream<Bytes> | null,
    readonly options: RequestBodyOptions,
  ) {
    this.#reader = stream?.getReader();
    this.#stopwatch = new Stopwatch(options.clock);
  }

  /** Seconds spent waiting for the client, the wait under way included. */
  get waited(): number {
    return this.#waited + (this.#lasted?.() ?? 0);
  }

  /**
   * The chunks as they arrive. A chunk is gone when the next one is asked for: copy what must last longer.
   * @throws Problem body_incomplete when the client went away, idle_timeout when it fell silent, and that of `stop`
   */
  async *chunks(): AsyncGenerator<Bytes, void, void> {
    if (!this.#reader) return;
    this.#watchSilence(this.options.idleTimeout * 1000);
    try {
      for (;;) {
        const { done, value } = await this.#next(this.#reader);
        if (this.#stopped) throw this.#stopped;
        if (done || !value) return;
        if (!(value instanceof Uint8Array))
          throw new Problem("invalid_request", "The body must be made of bytes.");
        if (value.byteLength === 0) continue;
        this.received += value.byteLength;
        this.#renew();
        yield value;
        // Left to the collector, the chunks of one fast upload hold 20 MiB more.
        if (this.options.owned) value.buffer.transfer(0);
        await this.#giveTurn();
      }
    } finally {
      clearTimeout(this.#watch);
    }
  }

  /** Lets go of the request's stream, so that somebody else can read what is left of it. */
  release(): void {
    clearTimeout(this.#watch);
    this.#reader?.releaseLock();
  }

  /** Stops reading; what still arrives is dropped. Never throws. */
  async cancel(): Promise<void> {
    clearTimeout(this.#watch);
    await this.#reader?.cancel().catch(() => {
      // The connection ended first: nothing is left to cancel.
    });
  }

  /** Makes whoever reads it fail with this problem, now; nothing when it was read to its end. */
  stop(problem: Problem): void {
    this.#stopped ??= problem;
    void this.cancel();
  }

  async #next(reader: Reader) {
    this.#since = performance.now();
    this.#lasted = this.#stopwatch.start();
    try {
      return await reader.read();
    } catch (cause) {
      throw new Problem(
        "body_incomplete",
        `The connection ended after ${this.received} bytes, before the body was complete.`,
        { cause },
      );
    } finally {
      this.#waited = this.waited;
      this.#lasted = undefined;
    }
  }

  // One timer per body, set again only when it fires: a timer per chunk would cost more than the chunk.
  #watchSilence(delay: number): void {
    this.#watch = setTimeout(() => {
      const limit = this.options.idleTimeout * 1000;
      const silence = this.#lasted ? performance.now() - this.#since : 0;
      // It is the disk that is slow, so the connection must not pay for it.
      if (!this.#lasted) this.options.renew?.();
      if (silence < limit) return this.#watchSilence(limit - silence);
      this.stop(
        new Problem(
          "idle_timeout",
          `No byte arrived for ${this.options.idleTimeout} s (--idle-timeout), after ${this.received} bytes.`,
        ),
      );
    }, delay);
  }

  /** A body with data always at hand would go on in microtasks, and no timer or other socket would be served. */
  async #giveTurn(): Promise<void> {
    if (performance.now() - this.#turnBegan < TURN) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#turnBegan = performance.now();
  }

  #renew(): void {
    const now = performance.now();
    if (now - this.#renewed < 1000) return;
    this.#renewed = now;
    this.options.renew?.();
  }
}
