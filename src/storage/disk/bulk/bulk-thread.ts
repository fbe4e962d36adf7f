// Sends bulk work to its worker thread, which the first order starts.

import type { Order, Result } from "./bulk-worker.ts";

// A compiled binary bundles all modules; only entry points of the build have a path of their own.
const THREAD = Bun.isStandaloneExecutable
  ? "/$bunfs/root/storage/disk/bulk/bulk-worker.ts"
  : new URL("./bulk-worker.ts", import.meta.url);

export class BulkThread {
  readonly #pending = new Map<number, PromiseWithResolvers<number | undefined>>();
  #worker: Worker | undefined;
  #lastId = 0;

  /** Resolves when the order was carried out, in turn with all others. @throws the system's error */
  async run(order: Order): Promise<number> {
    this.#worker ??= this.#start();
    this.#lastId += 1;
    const pending = Promise.withResolvers<number | undefined>();
    this.#pending.set(this.#lastId, pending);
    this.#worker.ref();
    this.#worker.postMessage({ id: this.#lastId, order });
    return (await pending.promise) ?? 0;
  }

  #start(): Worker {
    const worker = new Worker(THREAD, { smol: true });
    worker.onmessage = ({ data }: MessageEvent<Result>) => {
      const pending = this.#pending.get(data.id);
      this.#pending.delete(data.id);
      // An idle thread must not keep the process alive.
      if (this.#pending.size === 0) worker.unref();
      if ("failed" in data) pending?.reject(Object.assign(new Error(data.failed.message), data.failed));
      else pending?.resolve(data.value);
    };
    worker.onerror = ({ message }) => {
      // The next order starts another thread.
      this.#worker = undefined;
      const pending = [...this.#pending.values()];
      this.#pending.clear();
      for (const { reject } of pending)
        reject(new Error("The thread of bulk work ended unexpectedly.", { cause: new Error(message) }));
    };
    return worker;
  }
}
