// Worker thread for bulk work. It may block on the disk: uploads and their syncs run on other threads.

import * as fs from "node:fs";
import { setPriority } from "node:os";
import { BulkQueue, type Job } from "./bulk-queue.ts";
import { copyRange, type Range } from "./copy-range.ts";
import { examineTree, type Undeletable } from "./examine-tree.ts";
import { removeTree } from "./remove-tree.ts";

declare const self: Worker;

/** An order of bulk work. */
export type Order =
  | { do: "removeTree" | "examineTree" | "unlink"; path: string }
  | { do: "clone"; from: string; to: string }
  | { do: "sync" | "close"; fd: number }
  | ({ do: "copyRange" } & Range);

/** The end of an order. An error is sent as its message and its own properties, which postMessage() would drop. */
export type Result = { id: number } & (
  | { value: number | undefined }
  | { failed: { message: string; code: string | undefined; entry: string | undefined } }
);

const CLONE = fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE_FORCE;
const queue = new BulkQueue();
/** When the processors are busy, other threads of the server go first. */
const NICE = 10;
// On Linux it is that of this thread alone, elsewhere that of the process.
if (process.platform === "linux") setPriority(0, NICE);

self.onmessage = ({ data }: MessageEvent<{ id: number; order: Order }>): void => void serve(data);

async function serve({ id, order }: { id: number; order: Order }): Promise<void> {
  self.postMessage(
    await queue.run(jobOf(order)).then(
      (value): Result => ({ id, value }),
      ({ message, code, entry }: NodeJS.ErrnoException & Partial<Undeletable>): Result => ({
        id,
        failed: { message, code, entry },
      }),
    ),
  );
}

function jobOf(order: Order): Job {
  if (order.do === "removeTree") return removeTree(order.path);
  if (order.do === "examineTree") return examineTree(order.path);
  if (order.do === "copyRange") return copyRange(order);
  return call(order);
}

/** A single system call, after a turn of the others. */
function* call(order: Exclude<Order, { do: "removeTree" | "examineTree" | "copyRange" }>): Job {
  yield;
  switch (order.do) {
    case "unlink":
      fs.unlinkSync(order.path);
      break;
    case "clone":
      fs.copyFileSync(order.from, order.to, CLONE);
      break;
    case "sync":
      fs.fsyncSync(order.fd);
      break;
    case "close":
      fs.closeSync(order.fd);
  }
  return undefined;
}
