// Sends listing requests to the worker thread, which the first request starts.

import { Problem } from "../../../errors.ts";
import type { FolderPath } from "../../../path.ts";
import { WorkerThread } from "../../../system/worker-thread.ts";
import type { Entry } from "../../entry.ts";
import type { NameQuery } from "../../listing/name-query.ts";
import type { Page, PageQuery } from "../../listing/paging.ts";
import { Skipped, type SkippedEntries } from "../../listing/skipped.ts";
import type { ViewText } from "../../listing/view.ts";
import { storageClosed } from "../../problems.ts";
import type { PathLookup } from "../at/lookup.ts";
import { diskProblem } from "../os/errno.ts";
import type { Folders } from "./lister.ts";
import type { Answer, Failure, Question, RootIdentity } from "./lister-worker.ts";

type QuestionBody = Question extends infer One
  ? One extends { id: number }
    ? Omit<One, "id">
    : never
  : never;

export class ListerThread implements Folders {
  readonly #thread: WorkerThread<QuestionBody, Answer>;
  #closed = false;

  constructor({ root, identity: { dev, ino } }: PathLookup) {
    this.#thread = new WorkerThread({
      script: "storage/disk/list/lister-worker.ts",
      setup: { root, identity: { dev, ino } } satisfies RootIdentity,
      ended: (cause) => new Problem("storage_failed", "The listing thread ended unexpectedly.", { cause }),
    });
  }

  async page(folder: FolderPath, query: PageQuery): Promise<Page> {
    const { answer } = this.#ask({ ask: "page", folder, query });
    const found = await answer;
    if ("page" in found) return found.page;
    throw new Problem("storage_failed", "The listing thread sent an unexpected answer.");
  }

  scan(folder: FolderPath, view?: ViewText): AsyncGenerator<Entry[], SkippedEntries, void> {
    return this.#batches({ ask: "scan", folder, view });
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
    if (this.#thread.started) this.#ask({ ask: "end" }).answer.catch(() => {});
    this.#closed = true;
    this.#thread.abandon(storageClosed());
  }

  #ask(body: QuestionBody): { id: number; answer: Promise<Answer> } {
    if (this.#closed) throw storageClosed();
    const { id, answer } = this.#thread.ask(body);
    return { id, answer: answer.then(orFailure) };
  }
}

/** @throws Problem */
function orFailure(answer: Answer): Answer {
  if ("failed" in answer) throw problemOf(answer.failed);
  return answer;
}

function problemOf({ code, detail, errno, message }: Failure): Problem {
  const cause = message === undefined ? undefined : Object.assign(new Error(message), { code: errno });
  // A problem made from the errno alone also has headers.
  const made = diskProblem(cause);
  return made.code === code && made.detail === detail ? made : new Problem(code, detail, { cause });
}
