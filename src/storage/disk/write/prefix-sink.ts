// The first bytes of a file on their way through a FileSink.

/** Bytes go in with `write`, until `end`. */
export class PrefixSink {
  readonly #sink: Bun.FileSink;
  #ending: Promise<unknown> | undefined;

  constructor(sink: Bun.FileSink) {
    this.#sink = sink;
  }

  get ended(): boolean {
    return this.#ending !== undefined;
  }

  /** @returns a promise, which reports a failed write, when the sink wants to be waited for */
  write(chunk: Uint8Array): unknown {
    return this.#sink.write(chunk);
  }

  /** Writes the small chunks that a sink keeps to itself. Throws what went wrong. */
  async flush(): Promise<void> {
    if (this.#ending) await this.#ending;
    else await this.#sink.flush();
  }

  /**
   * Every caller waits for the one end, so that nobody closes the descriptor under it.
   * @returns what went wrong, undefined when nothing did
   */
  end(): Promise<unknown> {
    this.#ending ??= this.#flushAndEnd();
    return this.#ending;
  }

  async #flushAndEnd(): Promise<unknown> {
    let failure: unknown;
    try {
      await this.#sink.flush();
    } catch (error) {
      failure = error;
    }
    try {
      // Also after a failed flush: the sink holds a descriptor of its own until it ends.
      await this.#sink.end();
    } catch (error) {
      failure ??= error;
    }
    return failure;
  }
}
