// Sends listing requests to the worker thread, which the first request starts.

import { Problem } from "../../../errors.ts";
import type { FolderPath } from "../../../path.ts";
import type { Entry } from "../../entry.ts";
import type { NameQuery } from "../../name-query.ts";
import type { Page, PageQuery } from "../../paging.ts";
import { storageClosed } from "../../problems.ts";
import { Skipped, type SkippedEntries } from "../../skipped.ts";
import type { PathLookup } from "../at/lookup.ts";
import { diskProblem } from "../os/errno.ts";
import type { Folders } from "./lister.ts";
import type { Answer, Failure, Question, RootIdentity } from "./lister-worker.ts";

// A compiled binary bundles all modules; only entry points of the build have a path of their own.
const THREAD = Bun.isStandaloneExecutable
  ? "/$bunfs/root/storage/disk/list/lister-worker.ts"
  : new URL("./lister-worker.ts", import.meta.url);

type QuestionBody = Question extends infer One
  ? One extends { id: number }
    ? Omit<One, "id">
    : never
  : never;

export class ListerThread implements Folders {
  readonly #rootIdentity: RootIdentity;
  readonly #pending = new Map<number, PromiseWithResolvers<Answer>>();
  #worker: Worker | undefined;
  #lastId = 0;
  #closed = false;

  constructor({ root, identity }: PathLookup) {
    const { dev, ino } = identity;
    this.#rootIdentity = { root, identity: { dev, ino } };
  }

  async page(folder: FolderPath, query: PageQuery): Promise<Page> {
    const { answer } = this.#ask({ ask: "page", folder, query });
    const found = await answer;
    if ("page" in found) return found.page;
    throw new Problem("storage_failed", "The listing thread sent an unexpected answer.");
  }

  scan(folder: FolderPath): AsyncGenerator<Entry[], SkippedEntries, void> {
    return this.#batches({ ask: "scan", folder });
  }

  search(folder: FolderPath, query: NameQuery): AsyncGenerator<Entry[], SkippedEntries, void> {
    return this.#batches({ ask: "search", folder, query });
  }

  async *#batches(question: QuestionBody): AsyncGenerator<Entry[], SkippedEntries, void> {
    const { id: scan, answer } = this.#ask(question);
    let ended = false;
    try {
      let step = await answer;
      while ("entries" in step) {
        // Prefetch the next batch while the caller uses this one.
        const next = this.#ask({ ask: "next", scan }).answer;
        next.catch(() => {});
        yield step.entries;
        step = await next;
      }
      ended = true;
      return "skipped" in step ? step.skipped : new Skipped();
    } finally {
      // Not awaited: the thread closes the folder by itself.
      if (!ended && !this.#closed) this.#ask({ ask: "stop", scan }).answer.catch(() => {});
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    // Not awaited: the thread closes its open folders by itself.
    if (this.#worker) this.#ask({ ask: "end" }).answer.catch(() => {});
    this.#worker?.unref();
    this.#closed = true;
    this.#fail(storageClosed());
  }

  #ask(body: QuestionBody): { id: number; answer: Promise<Answer> } {
    if (this.#closed) throw storageClosed();
    this.#worker ??= this.#start();
    this.#lastId += 1;
    const id = this.#lastId;
    const pending = Promise.withResolvers<Answer>();
    this.#pending.set(id, pending);
    this.#worker.ref();
    this.#worker.postMessage({ id, ...body } satisfies Question);
    return { id, answer: pending.promise };
  }

  #start(): Worker {
    const worker = new Worker(THREAD, { smol: true });
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      const pending = this.#pending.get(data.id);
      this.#pending.delete(data.id);
      // An idle thread must not keep the process alive.
      if (this.#pending.size === 0) worker.unref();
      if ("failed" in data) pending?.reject(problemOf(data.failed));
      else pending?.resolve(data);
    };
    worker.onerror = ({ message }) => {
      const detail = "The listing thread ended unexpectedly.";
      this.#fail(new Problem("storage_failed", detail, { cause: new Error(message) }));
    };
    worker.postMessage(this.#rootIdentity);
    return worker;
  }

  /** Abandons the thread and rejects its requests; the next request starts another. */
  #fail(problem: Problem): void {
    this.#worker = undefined;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(problem);
  }
}

function problemOf({ code, detail, errno, message }: Failure): Problem {
  const cause = message === undefined ? undefined : Object.assign(new Error(message), { code: errno });
  // A problem made from the errno alone also has headers.
  const made = diskProblem(cause);
  return made.code === code && made.detail === detail ? made : new Problem(code, detail, { cause });
}
