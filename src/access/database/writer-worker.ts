// The writer thread: commits the changes of access.db, one after the other, so that the network thread never waits for the disk.

import type { Database } from "bun:sqlite";
import { messageOf } from "../../system/errno.ts";
import { type ChangeMessage, type ChangeOutcome, runChange } from "./changes/changes.ts";
import { openDatabase } from "./open.ts";

declare const self: Worker;

interface Setup {
  file: string;
  create: boolean;
}

let setup: Setup | undefined;
let database: Database | null = null;

self.onmessage = ({ data }: MessageEvent<Setup | ({ id: number } & ChangeMessage)>) => {
  if ("file" in data) setup = data;
  else self.postMessage({ id: data.id, ...outcome(data) });
};

function outcome(message: ChangeMessage): ChangeOutcome {
  try {
    database ??= opened();
  } catch (error) {
    return { failed: messageOf(error) };
  }
  return runChange(database, message);
}

function opened(): Database {
  const { file = "", create = false } = setup ?? {};
  const found = openDatabase(file, { create });
  if (!found) throw new Error(`${file} is gone.`);
  return found;
}
