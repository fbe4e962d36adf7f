// Expensive answers: few at a time, each shared by everyone who asked the same before it was begun.

interface Waiting<Answer> extends PromiseWithResolvers<Answer> {
  make: () => Promise<Answer>;
  lane: string;
  askers: number;
}

/** How a question is asked. */
export interface FlightOptions {
  /** Of one lane only one answer is made at a time, so that others need not wait behind all of them. @default the question */
  partition?: string;
  /** Who asked is gone: what nobody waits for is not begun. */
  signal?: AbortSignal;
}

export class SingleFlight<Answer> {
  readonly #waiting = new Map<string, Waiting<Answer>>();
  readonly #lanes = new Set<string>();

  /** @param concurrency how many are made at the same time; the others wait in the order they came */
  constructor(readonly concurrency: number) {}

  /**
   * The answer to a question, made now or a little later. One that has begun is not shared any more: whoever changed
   * something before asking must find it.
   * @throws the reason of the signal, and what `make` throws
   */
  run(
    question: string,
    make: () => Promise<Answer>,
    { partition: lane = question, signal }: FlightOptions = {},
  ): Promise<Answer> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const asked = this.#waiting.get(question) ?? {
      ...Promise.withResolvers<Answer>(),
      make,
      lane,
      askers: 0,
    };
    asked.askers += 1;
    signal?.addEventListener("abort", () => {
      asked.askers -= 1;
      if (asked.askers > 0 || this.#waiting.get(question) !== asked) return;
      this.#waiting.delete(question);
      asked.reject(signal.reason);
    });
    this.#waiting.set(question, asked);
    this.#begin();
    return asked.promise;
  }

  #begin(): void {
    if (this.#lanes.size >= this.concurrency) return;
    const next = this.#waiting.entries().find(([, { lane }]) => !this.#lanes.has(lane));
    if (!next) return;
    const [question, { make, lane, resolve, reject }] = next;
    this.#waiting.delete(question);
    this.#lanes.add(lane);
    void make()
      .then(resolve, reject)
      .finally(() => {
        this.#lanes.delete(lane);
        this.#begin();
      });
  }
}
