// Answers that can be cut: by their connection, or by an early end of their bytes where others use the connection, or none is found.

import { isOverTls } from "../../../http/target.ts";
import { isAnswering, listenerOf } from "../../../plugins/request-info.ts";
import { SentFile } from "../../../system/sockets/sent-file.ts";
import type { BunServer } from "../idle-timeout.ts";
import { cutConnection } from "./connection.ts";

/** Bytes of a file up to which it is not worth the search: it takes 0.1 ms for each hundred open descriptors. */
const SMALL = 4_194_304;

/** Milliseconds after which an answer that still goes on is cut with its connection. */
const LONGEST_END = 300;

type Bytes = Uint8Array<ArrayBuffer>;

/** The answer to a request, which may have to be cut. */
export class AnswerCut {
  /** The connection may have other answers (HTTP/2), or may not be TCP (HTTP/3): Bun does not say which version of HTTP a request uses over TLS. */
  readonly #overTls: boolean;
  /** Whether it is cut by an end of its bytes. The connection of a Unix socket cannot be found. */
  readonly #ends: boolean;
  #end: (() => void) | undefined;

  constructor(
    readonly request: Request,
    readonly server: BunServer,
  ) {
    this.#overTls = isOverTls(request);
    this.#ends = this.#overTls || listenerOf(request)?.address.kind === "unix";
  }

  /** The body of the answer, if it is a stream. */
  stream(stream: ReadableStream<Bytes>): ReadableStream<Bytes> {
    if (!this.#ends) return stream;
    const reader = stream.getReader();
    let failed: Error | undefined;
    this.#end = () => {
      failed = new Error("The answer was cut.");
      void reader.cancel(failed);
    };
    return new ReadableStream<Bytes>(
      {
        async pull(controller) {
          const { done, value } = await reader.read();
          if (failed) controller.error(failed);
          else if (done) controller.close();
          else controller.enqueue(value);
        },
        cancel: (reason) => reader.cancel(reason),
      },
      { highWaterMark: 0 },
    );
  }

  /** Must be called in the turn in which a file is returned that the system sends. */
  file(descriptor: number | undefined, bytes: number): void {
    if (!this.#ends || descriptor === undefined || bytes <= SMALL) return;
    const sent = new SentFile(descriptor);
    // An answer that has ended has closed the descriptor, whose number may be that of another file.
    setImmediate(() => {
      if (this.#goesOn) sent.find();
    });
    this.#end = () => void sent.empty();
  }

  /** Ends the answer, which must not have ended yet. A client that reads nothing notices it after a while. */
  cut(): void {
    this.#end?.();
    // `Deliveries` closes the connection behind an answer that ends early, unless others use it. The end of an answer whose client
    // does not read does not come.
    const close = () => {
      if (this.#goesOn) cutConnection(this.request, this.server);
    };
    if (this.#overTls) setTimeout(close, LONGEST_END);
    else close();
  }

  get #goesOn(): boolean {
    return this.server !== null && isAnswering(this.request, this.server);
  }
}
