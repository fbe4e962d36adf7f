// Worker thread for bulk work. It may block on the disk: uploads and their syncs run on other threads.

import * as fs from "node:fs";
import { lowerPriority } from "../../../system/worker-thread.ts";
import { BulkQueue, type Job } from "./bulk-queue.ts";
import { copyRange, type Range } from "./copy-range.ts";
import { examineTree, type Undeletable } from "./examine-tree.ts";
import { removeTree } from "./remove-tree.ts";

declare const self: Worker;

/** One piece of bulk work. */
export type BulkRequest =
  | { do: "removeTree" | "examineTree" | "unlink"; path: string }
  | { do: "clone"; from: string; to: string }
  | { do: "sync" | "close"; fd: number }
  | ({ do: "copyRange" } & Range);

/** The end of the work. An error is sent as its message and its own properties, which postMessage() would drop. */
export type BulkAnswer = { id: number } & (
  | { value: number | undefined }
  | { failed: { message: string; code: string | undefined; entry: string | undefined } }
);

const CLONE = fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE_FORCE;
const queue = new BulkQueue();
// When the processors are busy, other threads of the server go first.
lowerPriority(10);

self.onmessage = ({ data }: MessageEvent<{ id: number } & BulkRequest>): void => void serve(data);

async function serve({ id, ...request }: { id: number } & BulkRequest): Promise<void> {
  self.postMessage(
    await queue.run(jobOf(request)).then(
      (value): BulkAnswer => ({ id, value }),
      ({ message, code, entry }: NodeJS.ErrnoException & Partial<Undeletable>): BulkAnswer => ({
        id,
        failed: { message, code, entry },
      }),
    ),
  );
}

function jobOf(request: BulkRequest): Job {
  if (request.do === "removeTree") return removeTree(request.path);
  if (request.do === "examineTree") return examineTree(request.path);
  if (request.do === "copyRange") return copyRange(request);
  return call(request);
}

/** A single system call, made after the other jobs had a time slice. */
function* call(request: Exclude<BulkRequest, { do: "removeTree" | "examineTree" | "copyRange" }>): Job {
  yield;
  switch (request.do) {
    case "unlink":
      fs.unlinkSync(request.path);
      break;
    case "clone":
      fs.copyFileSync(request.from, request.to, CLONE);
      break;
    case "sync":
      fs.fsyncSync(request.fd);
      break;
    case "close":
      fs.closeSync(request.fd);
  }
  return undefined;
}
