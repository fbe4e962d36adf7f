// Sends requests to a worker thread, which the first request starts, and gives each its answer; and lowers the priority of such a thread.

import * as os from "node:os";

/** Every message carries the id of its request. */
interface Message {
  id: number;
}

export interface WorkerThreadOptions {
  /** The script of the thread: its path below `src/`. It must be an entry point in `build.ts`. */
  script: string;
  /** Sent once, before all requests. */
  setup?: unknown;
  /** The error of requests whose thread ended without an answer, for example when it ran out of memory. */
  ended: (cause: Error) => Error;
}

export class WorkerThread<Request extends object, Answer extends Message> {
  readonly #pending = new Map<number, PromiseWithResolvers<Answer>>();
  #worker: Worker | undefined;
  #lastId = 0;

  constructor(readonly options: WorkerThreadOptions) {}

  /** Whether the thread was started. */
  get started(): boolean {
    return this.#worker !== undefined;
  }

  /** Sends a request with a new id. @returns its answer, rejected when the thread ends before */
  ask(request: Request): { id: number; answer: Promise<Answer> } {
    this.#worker ??= this.#start();
    this.#lastId += 1;
    const id = this.#lastId;
    const pending = Promise.withResolvers<Answer>();
    this.#pending.set(id, pending);
    this.#worker.ref();
    this.#worker.postMessage({ id, ...request });
    return { id, answer: pending.promise };
  }

  /** Rejects all pending requests and forgets the thread, which may still run; the next request starts another. */
  abandon(error: Error): void {
    this.#worker?.unref();
    this.#worker = undefined;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(error);
  }

  /** Rejects all pending requests and ends the thread, which frees its memory; the next request starts another. */
  end(error: Error): void {
    this.#worker?.terminate();
    this.abandon(error);
  }

  #start(): Worker {
    const { script, setup, ended } = this.options;
    const worker = new Worker(locationOf(script), { smol: true });
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      const pending = this.#pending.get(data.id);
      this.#pending.delete(data.id);
      // An idle thread must not keep the process alive.
      if (this.#pending.size === 0) worker.unref();
      pending?.resolve(data);
    };
    worker.onerror = ({ message }) => this.abandon(ended(new Error(message)));
    if (setup !== undefined) worker.postMessage(setup);
    return worker;
  }
}

/** A compiled binary bundles all modules; only entry points of the build have a path of their own. */
function locationOf(script: string): string | URL {
  return Bun.isStandaloneExecutable ? `/$bunfs/root/${script}` : new URL(`../${script}`, import.meta.url);
}

/** The lowest priority. */
const NICEST = 19;

/**
 * Lowers the priority of the thread that calls this. Only on Linux, because elsewhere it is that of the whole process; not where a
 * sandbox forbids it, because the thread must work there, too.
 * @param steps of nice(2)
 */
export function lowerPriority(
  steps: number,
  { getPriority, setPriority }: Pick<typeof os, "getPriority" | "setPriority"> = os,
): void {
  if (process.platform !== "linux") return;
  try {
    setPriority(0, Math.min(NICEST, getPriority(0) + steps));
  } catch {
    // It has the priority of the others.
  }
}
