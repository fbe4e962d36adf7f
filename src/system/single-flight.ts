// Single-flight with a concurrency limit: concurrent callers that ask for the same key share one run of the work.

/** Which callers share a run, and how many runs there are at once. */
export interface SingleFlightOptions {
  /** Runs at the same time; further ones are queued in order. @default unlimited */
  concurrency?: number;
  /**
   * Whether a caller may join a run that has already started. If not, its result reflects every change made before the
   * call, and it is not aborted once it has started. @default false
   */
  joinRunning?: boolean;
}

/** How one caller asks. */
export interface FlightOptions {
  /** Only one run of a partition is active at a time, so that others need not wait behind all of them. @default the key */
  partition?: string;
  /** Aborted when the caller goes away. */
  signal?: AbortSignal;
}

type Work<Result> = (signal: AbortSignal) => Promise<Result>;

interface Flight<Result> extends PromiseWithResolvers<Result> {
  readonly key: string;
  readonly partition: string;
  readonly work: Work<Result>;
  readonly controller: AbortController;
  callers: number;
}

export class SingleFlight<Result> {
  readonly #concurrency: number;
  readonly #joinRunning: boolean;
  /** The flights that callers can join, by key. */
  readonly #joinable = new Map<string, Flight<Result>>();
  readonly #queue = new Set<Flight<Result>>();
  /** The partitions of the flights that run. */
  readonly #running = new Set<string>();

  constructor({ concurrency = Number.POSITIVE_INFINITY, joinRunning = false }: SingleFlightOptions = {}) {
    this.#concurrency = concurrency;
    this.#joinRunning = joinRunning;
  }

  /** Flights that callers can join, queued ones included. */
  get pending(): number {
    return this.#joinable.size;
  }

  /** Flights that have not started yet. */
  get queued(): number {
    return this.#queue.size;
  }

  /** Whether a call with this key would join a flight. */
  has(key: string): boolean {
    return this.#joinable.has(key);
  }

  /**
   * Joins the flight of this key, or queues a new one. When the last caller goes away, a queued flight is dropped and the
   * signal of a running one is aborted.
   * @throws the reason of the caller's signal, and what `work` throws
   */
  run(key: string, work: Work<Result>, { partition = key, signal }: FlightOptions = {}): Promise<Result> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const flight = this.#joinable.get(key) ?? this.#enqueue(key, partition, work);
    flight.callers += 1;
    this.#startNext();
    return signal ? this.#untilAborted(flight, signal) : flight.promise;
  }

  #enqueue(key: string, partition: string, work: Work<Result>): Flight<Result> {
    const flight: Flight<Result> = {
      ...Promise.withResolvers<Result>(),
      key,
      partition,
      work,
      controller: new AbortController(),
      callers: 0,
    };
    // All callers may have gone away by the time it fails.
    flight.promise.catch(() => {});
    this.#joinable.set(key, flight);
    this.#queue.add(flight);
    return flight;
  }

  #startNext(): void {
    if (this.#running.size >= this.#concurrency) return;
    const next = this.#queue.values().find(({ partition }) => !this.#running.has(partition));
    if (!next) return;
    this.#queue.delete(next);
    this.#running.add(next.partition);
    if (!this.#joinRunning) this.#close(next);
    void Promise.try(next.work, next.controller.signal)
      .finally(() => {
        this.#running.delete(next.partition);
        this.#close(next);
        this.#startNext();
      })
      .then(next.resolve, next.reject);
  }

  #untilAborted(flight: Flight<Result>, signal: AbortSignal): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const leave = (): void => {
      // Nobody else waits for a run that cannot be joined: it goes on, and its caller gets the result.
      if (!this.#joinRunning && !this.#queue.has(flight)) return;
      reject(signal.reason);
      flight.callers -= 1;
      if (flight.callers > 0) return;
      this.#queue.delete(flight);
      this.#close(flight);
      flight.controller.abort(signal.reason);
    };
    signal.addEventListener("abort", leave, { once: true });
    void flight.promise.finally(() => signal.removeEventListener("abort", leave)).then(resolve, reject);
    return promise;
  }

  /** From now on, callers with this key start a new flight. */
  #close(flight: Flight<Result>): void {
    if (this.#joinable.get(flight.key) === flight) this.#joinable.delete(flight.key);
  }
}
