// Reads a request body chunk by chunk. Measures time spent waiting on the client, aborts idle bodies, and yields to the event loop.

import { Problem } from "../../errors.ts";
import { type Clock, Stopwatch } from "../../system/stopwatch.ts";
import { TimeSlice } from "../../system/time-slice.ts";
import type { CapWait } from "../report/flow-report.ts";
import type { Throttle } from "./throttle.ts";

type Bytes = Uint8Array<ArrayBuffer>;
interface Reader {
  read(): Promise<{ done: boolean; value?: Bytes | undefined }>;
  cancel(): Promise<void>;
  releaseLock(): void;
}

/** Milliseconds a body may occupy the event loop before it yields. */
const MAX_SLICE = 5;
/** Seconds after which a client that waits for `100 Continue` is refused: clients that send without it do so within six. */
const MAX_CONTINUE_WAIT = 8;

export interface RequestBodyOptions {
  /** Seconds to wait for the next byte before the body is aborted. */
  idleTimeout: number;
  /** Bytes by Content-Length; a body of any other length is incomplete. @default any length */
  announced?: number | undefined;
  /** Whether the client waits for a `100 Continue` that Bun does not send. @default false */
  lacksContinue?: boolean;
  /** Resets the idle timer of the connection; called at most once a second while bytes arrive, and while the disk is busy. */
  renew?: () => void;
  /** Whether the reader owns the chunks and may free their memory at once, as with those of Bun's server. @default false */
  owned?: boolean;
  /** Slows the body down to its caps. @default no cap */
  throttle?: Throttle | undefined;
  /** The clock that measures waits. @default the system's */
  clock?: Clock;
}

/** The body of one request. Read it once; call `cancel` or `release` when it is not read to its end. */
export class RequestBody {
  /** Bytes received so far. */
  received = 0;
  readonly #reader: Reader | undefined;
  /** One per body, because clients are waited for independently. */
  readonly #stopwatch: Stopwatch;
  #stopped: Problem | undefined;
  #waited = 0;
  /** Start of the current wait, in milliseconds. */
  #waitStart = 0;
  /** Time spent waiting on the client so far, excluding this process's own delay, in seconds. */
  #elapsed: (() => number) | undefined;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;
  /** A body whose data is always buffered resolves in microtasks only, which would starve timers and other sockets. */
  readonly #slice = new TimeSlice(MAX_SLICE);
  #renewed = 0;

  /** @param stream `null` when the request has no body, or one of zero bytes */
  constructor(
    stream: ReadableStream<Bytes> | null,
    readonly options: RequestBodyOptions,
  ) {
    this.#reader = stream?.getReader();
    this.#stopwatch = new Stopwatch(options.clock);
  }

  /** Seconds spent waiting on the client, the current wait included. */
  get waited(): number {
    return this.#waited + (this.#elapsed?.() ?? 0);
  }

  /** Measures the time spent waiting because of caps from now on, the current wait included. */
  measureCapWait(): () => CapWait | undefined {
    const before = this.options.throttle?.waited?.seconds ?? 0;
    return () => {
      const wait = this.options.throttle?.waited;
      return wait && { ...wait, seconds: wait.seconds - before };
    };
  }

  /**
   * The chunks as they arrive. A chunk is invalid once the next one is requested; copy it to keep it longer.
   * @throws Problem body_incomplete when the client disconnected or the body is not as long as announced, idle_timeout when
   * it went idle, expectation_failed when it waits for `100 Continue`, and the one passed to `stop`
   */
  async *chunks(): AsyncGenerator<Bytes, void, void> {
    if (!this.#reader) return this.#checkLength();
    this.#watchIdle(this.#idleLimit);
    const { throttle } = this.options;
    try {
      for (;;) {
        const { done, value } = await this.#next(this.#reader);
        if (this.#stopped) throw this.#stopped;
        if (done || !value) return this.#checkLength();
        if (!(value instanceof Uint8Array))
          throw new Problem("invalid_request", "The body must consist of bytes.");
        if (value.byteLength === 0) continue;
        this.received += value.byteLength;
        if (this.received > (this.options.announced ?? Number.POSITIVE_INFINITY)) this.#checkLength();
        this.#renew();
        throttle?.count(value.byteLength);
        yield value;
        // Leaving this to the garbage collector costs 20 MiB more memory per fast upload.
        if (this.options.owned) value.buffer.transfer(0);
        if (throttle) await throttle.wait();
        if (this.#slice.expired) await this.#slice.yield();
      }
    } finally {
      clearTimeout(this.#idleTimer);
    }
  }

  /** Releases the reader lock of the stream, so that the rest of the body can be read elsewhere. */
  release(): void {
    clearTimeout(this.#idleTimer);
    this.#reader?.releaseLock();
  }

  /** Stops reading and drops the rest of the body. Never throws. */
  async cancel(): Promise<void> {
    clearTimeout(this.#idleTimer);
    await this.#reader?.cancel().catch(() => {
      // The connection has already ended: nothing is left to cancel.
    });
  }

  /** Makes `chunks` throw this problem at once; has no effect once the body was read to its end. */
  stop(problem: Problem): void {
    this.#stopped ??= problem;
    this.options.throttle?.wake();
    void this.cancel();
  }

  async #next(reader: Reader) {
    this.#waitStart = performance.now();
    this.#elapsed = this.#stopwatch.start();
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
      this.#elapsed = undefined;
    }
  }

  /** Bun's server checks this in HTTP/1.1 and HTTP/2, but not in HTTP/3. */
  #checkLength(): void {
    const { announced = this.received } = this.options;
    if (this.received === announced) return;
    const detail =
      this.received < announced
        ? `The body ended after ${this.received} of the ${announced} bytes that Content-Length announced.`
        : `The body is longer than the ${announced} bytes that Content-Length announced.`;
    throw new Problem("body_incomplete", detail);
  }

  // One timer per body, rescheduled only when it fires: resetting a timer for each chunk would cost more than the chunk.
  #watchIdle(delay: number): void {
    this.#idleTimer = setTimeout(() => {
      const limit = this.#idleLimit;
      const idle = this.#elapsed ? performance.now() - this.#waitStart : 0;
      // Not waiting for the client means that the disk is slow, so the connection must not time out.
      if (!this.#elapsed) this.options.renew?.();
      if (idle < limit) return this.#watchIdle(limit - idle);
      this.stop(this.#idleProblem());
    }, delay);
  }

  get #lacksContinue(): boolean {
    return this.options.lacksContinue === true && this.received === 0;
  }

  /** Milliseconds without a byte before the request is refused. */
  get #idleLimit(): number {
    const { idleTimeout } = this.options;
    return (this.#lacksContinue ? Math.min(idleTimeout, MAX_CONTINUE_WAIT) : idleTimeout) * 1000;
  }

  #idleProblem(): Problem {
    if (this.#lacksContinue)
      return new Problem(
        "expectation_failed",
        "The server cannot send `100 Continue` for this spelling: write `Expect: 100-continue` in lower case, or send the body without `Expect`.",
      );
    return new Problem(
      "idle_timeout",
      `No byte arrived for ${this.options.idleTimeout} s (--idle-timeout), after ${this.received} bytes.`,
    );
  }

  #renew(): void {
    const now = performance.now();
    if (now - this.#renewed < 1000) return;
    this.#renewed = now;
    this.options.renew?.();
  }
}
