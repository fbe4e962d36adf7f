// Sends changes of access.db to the writer thread.

import { Problem } from "../../errors.ts";
import { WorkerThread } from "../../system/worker-thread.ts";
import type {
  ChangeArguments,
  ChangeMessage,
  ChangeName,
  ChangeOutcome,
  ChangeResult,
} from "./changes/changes.ts";
import { ChangeRefused } from "./changes/refused.ts";

export class WriterThread {
  readonly #thread: WorkerThread<ChangeMessage, { id: number } & ChangeOutcome>;

  /** @param create makes the file. Not where it was before: a server that stops must leave none where its root was removed */
  constructor(file: string, { create }: { create: boolean }) {
    this.#thread = new WorkerThread({
      script: "access/database/writer-worker.ts",
      setup: { file, create },
      ended: (cause) => new Problem("storage_failed", "The change could not be saved.", { cause }),
    });
  }

  /** Commits a change. It survives a power cut once the promise resolves. @throws ChangeRefused; Problem storage_failed */
  async change<Name extends ChangeName>(
    name: Name,
    given: ChangeArguments<Name>,
  ): Promise<ChangeResult<Name>> {
    const answer = await this.#thread.ask({ name, arguments: given }).answer;
    if ("refused" in answer) throw new ChangeRefused(answer.refused.code, answer.refused.message);
    if ("failed" in answer)
      throw new Problem("storage_failed", "The change could not be saved.", {
        cause: new Error(answer.failed),
      });
    // The thread has run the function of this name.
    return answer.result as ChangeResult<Name>;
  }

  /** Changes that are not committed yet fail; the thread ends with the process. */
  close(): void {
    this.#thread.abandon(new Problem("draining", "The server is stopping; try again when it is back."));
  }
}
