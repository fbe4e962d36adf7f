// Writes the first bytes of a file through a FileSink.

/** Accepts writes until `end`. */
export class PrefixSink {
  readonly #sink: Bun.FileSink;
  #ending: Promise<unknown> | undefined;

  constructor(sink: Bun.FileSink) {
    this.#sink = sink;
  }

  get ended(): boolean {
    return this.#ending !== undefined;
  }

  /** @returns a promise when the sink needs to drain; it rejects if the write failed */
  write(chunk: Uint8Array): unknown {
    return this.#sink.write(chunk);
  }

  /** Writes the small chunks that the sink has buffered. @throws the error of the write */
  async flush(): Promise<void> {
    if (this.#ending) await this.#ending;
    else await this.#sink.flush();
  }

  /**
   * Ends the sink once; every caller awaits the same end, so that none closes the descriptor too early.
   * @returns the error, undefined on success
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
      // Also after a failed flush: the sink owns a duplicate descriptor until it ends.
      await this.#sink.end();
    } catch (error) {
      failure ??= error;
    }
    return failure;
  }
}
