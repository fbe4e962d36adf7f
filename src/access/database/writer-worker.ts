// The writer thread: commits the changes of access.db, one after the other, so that the network thread never waits for the disk.

import type { Database } from "bun:sqlite";
import { messageOf } from "../../system/errno.ts";
import { type ChangeMessage, type ChangeOutcome, runChange } from "./changes/changes.ts";
import { openDatabase } from "./open.ts";

declare const self: Worker;

let file: string | undefined;
let database: Database | null = null;

self.onmessage = ({ data }: MessageEvent<{ file: string } | ({ id: number } & ChangeMessage)>) => {
  if ("file" in data) file = data.file;
  else self.postMessage({ id: data.id, ...outcome(data) });
};

function outcome(message: ChangeMessage): ChangeOutcome {
  try {
    database ??= openDatabase(file ?? "", { create: true });
  } catch (error) {
    return { failed: messageOf(error) };
  }
  return runChange(database, message);
}
