// How downloads end. Bun sends a file by itself and tells nobody; what can be seen of that is looked at again and again.

import type { Log } from "../../plugins/log.ts";
import { requestInfoOf } from "../../plugins/request-info.ts";
import type { StoredFile } from "../../storage/storage.ts";
import type { Listener } from "./idle-timeout.ts";

/** Milliseconds between two looks. */
const LOOK = 100;

/** An answer with bytes of a file. */
export interface Delivery {
  request: Request;
  /** Stays open until the end. */
  file: StoredFile;
  /** Bytes of the answer's body. */
  bytes: number;
  /** Bytes that the file must have for that. */
  needs: number;
}

interface Watched extends Delivery {
  server: NonNullable<Listener>;
  began: number;
  signal: AbortSignal;
}

export class Deliveries {
  readonly #running = new Set<Watched>();
  #timer: Timer | undefined;

  constructor(readonly log: Log) {}

  /** Closes the file when it was sent, and says so in the log. To be called in the turn in which the answer is given. */
  watch(delivery: Delivery, server: NonNullable<Listener>, still: () => void): void {
    const { signal } = delivery.request;
    requestInfoOf(delivery.request)?.logOnFinish();
    const watched = { ...delivery, server, signal, began: performance.now() };
    // Most files are small, and sent at once.
    setImmediate(() => {
      if (this.#look(watched)) return;
      still();
      this.#running.add(watched);
      this.#timer ??= setInterval(() => this.#lookAtAll(), LOOK).unref();
    });
  }

  #lookAtAll(): void {
    for (const watched of this.#running) if (this.#look(watched)) this.#running.delete(watched);
    if (this.#running.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Whether it has ended: then Bun knows the address of its client no more. */
  #look({ request, file, bytes, needs, server, signal, began }: Watched): boolean {
    if (server.requestIP(request) !== null) return false;
    const shrank = !signal.aborted && sizeOf(file) < needs;
    // Bun sends what there is, and keeps the connection: its client would wait, and take the next answer for the rest.
    if (shrank) server.closeIdleConnections();
    void file.close();
    const seconds = (performance.now() - began) / 1000;
    const ending = shrank ? "shrank" : signal.aborted ? "cut" : "sent";
    this.log.sent(request, { path: file.entry.path, bytes, seconds, ending });
    return true;
  }
}

function sizeOf(file: StoredFile): number {
  try {
    return file.stat().size;
  } catch {
    return 0;
  }
}
