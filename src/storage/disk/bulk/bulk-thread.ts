// Sends bulk work to its worker thread, which the first request starts.

import { WorkerThread } from "../../../system/worker-thread.ts";
import type { BulkAnswer, BulkRequest } from "./bulk-worker.ts";

export class BulkThread {
  readonly #thread = new WorkerThread<BulkRequest, BulkAnswer>({
    script: "storage/disk/bulk/bulk-worker.ts",
    ended: (cause) => new Error("The thread of bulk work ended unexpectedly.", { cause }),
  });

  /** Resolves when the work is done; requests run concurrently, in time slices. @throws the system's error */
  async run(request: BulkRequest): Promise<number> {
    const answer = await this.#thread.ask(request).answer;
    if ("failed" in answer) throw Object.assign(new Error(answer.failed.message), answer.failed);
    return answer.value ?? 0;
  }
}
