// Asks the thread that looks into folders. It is started by the first question.

import { Problem } from "../../../errors.ts";
import type { FolderPath } from "../../../path.ts";
import type { Entry } from "../../entry.ts";
import type { Page, PageQuery } from "../../paging.ts";
import { storageClosed } from "../../problems.ts";
import type { PathLookup } from "../at/lookup.ts";
import { diskProblem } from "../os/errno.ts";
import type { Folders } from "./lister.ts";
import type { Answer, Beginning, Failure, Question } from "./lister-worker.ts";

// In a binary all modules are one file, and only entries of the build have a path of their own.
const THREAD = Bun.isStandaloneExecutable
  ? "/$bunfs/root/storage/disk/list/lister-worker.ts"
  : new URL("./lister-worker.ts", import.meta.url);

type Asked = Question extends infer One ? (One extends { id: number } ? Omit<One, "id"> : never) : never;

export class ListerThread implements Folders {
  readonly #beginning: Beginning;
  readonly #waiting = new Map<number, PromiseWithResolvers<Answer>>();
  #worker: Worker | undefined;
  #asked = 0;
  #closed = false;

  constructor({ root, identity }: PathLookup) {
    const { dev, ino } = identity;
    this.#beginning = { root, identity: { dev, ino } };
  }

  async page(folder: FolderPath, query: PageQuery): Promise<Page> {
    const { answer } = this.#ask({ ask: "page", folder, query });
    const found = await answer;
    if ("page" in found) return found.page;
    throw new Problem("storage_failed", "The thread that lists folders answered something else.");
  }

  async *scan(folder: FolderPath): AsyncGenerator<Entry[], void, void> {
    const { id: scan, answer } = this.#ask({ ask: "scan", folder });
    let entries = await entriesIn(answer);
    try {
      while (entries) {
        // The next ones are looked at while these are used.
        const next = this.#ask({ ask: "next", scan }).answer;
        next.catch(() => {});
        yield entries;
        entries = await entriesIn(next);
      }
    } finally {
      // Nobody waits for that: the thread lets go of the folder by itself.
      if (entries && !this.#closed) this.#ask({ ask: "leave", scan }).answer.catch(() => {});
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    // It lets go of what it has open, and nobody waits for that.
    if (this.#worker) this.#ask({ ask: "end" }).answer.catch(() => {});
    this.#worker?.unref();
    this.#closed = true;
    this.#fail(storageClosed());
  }

  #ask(asked: Asked): { id: number; answer: Promise<Answer> } {
    if (this.#closed) throw storageClosed();
    this.#worker ??= this.#start();
    this.#asked += 1;
    const id = this.#asked;
    const waiting = Promise.withResolvers<Answer>();
    this.#waiting.set(id, waiting);
    this.#worker.ref();
    this.#worker.postMessage({ id, ...asked } satisfies Question);
    return { id, answer: waiting.promise };
  }

  #start(): Worker {
    const worker = new Worker(THREAD, { smol: true });
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      // A thread that is asked nothing keeps no program running.
      if (this.#waiting.size === 0) worker.unref();
      if ("failed" in data) waiting?.reject(problemOf(data.failed));
      else waiting?.resolve(data);
    };
    worker.onerror = ({ message }) => {
      const detail = "The thread that lists folders ended.";
      this.#fail(new Problem("storage_failed", detail, { cause: new Error(message) }));
    };
    worker.postMessage(this.#beginning);
    return worker;
  }

  /** Lets go of the thread; the next question starts another. */
  #fail(problem: Problem): void {
    this.#worker = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(problem);
  }
}

async function entriesIn(answer: Promise<Answer>): Promise<Entry[] | null> {
  const found = await answer;
  return "entries" in found ? found.entries : null;
}

function problemOf({ code, detail, errno, message }: Failure): Problem {
  const cause = message === undefined ? undefined : Object.assign(new Error(message), { code: errno });
  return errno === undefined ? new Problem(code, detail, { cause }) : diskProblem(cause);
}
