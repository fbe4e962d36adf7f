// Answers that can be cut. Over a Unix socket their connection cannot be found: there the bytes end.

import { listenerOf } from "../../../plugins/request-info.ts";
import { SentFile } from "../../../system/sockets/sent-file.ts";
import type { Listener } from "../idle-timeout.ts";
import { cutConnection } from "./connection.ts";

/** Bytes of a file up to which it is not worth the search: it takes 0.1 ms for each hundred open descriptors. */
const SMALL = 4_194_304;

type Bytes = Uint8Array<ArrayBuffer>;

/** The answer to a request, which may have to be cut. */
export class AnswerCut {
  readonly #overUnix: boolean;
  #end: (() => void) | undefined;

  constructor(
    readonly request: Request,
    readonly server: Listener,
  ) {
    this.#overUnix = listenerOf(request)?.address.kind === "unix";
  }

  /** The body of the answer, if it is a stream. */
  stream(stream: ReadableStream<Bytes>): ReadableStream<Bytes> {
    if (!this.#overUnix) return stream;
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
    if (!this.#overUnix || descriptor === undefined || bytes <= SMALL) return;
    const sent = new SentFile(descriptor);
    setImmediate(() => sent.find());
    this.#end = () => void sent.empty();
  }

  /** Ends the answer, which must not have ended yet. A client that reads nothing notices it after a while. */
  cut(): void {
    this.#end?.();
    cutConnection(this.request, this.server);
  }
}
