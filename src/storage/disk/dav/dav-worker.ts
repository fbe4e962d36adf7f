// The thread that writes dav.db, one change after the other, so that the network thread never waits for the disk.

import type { Database } from "bun:sqlite";
import { Problem } from "../../../errors.ts";
import { messageOf } from "../../../system/errno.ts";
import { errnoOf, FULL } from "../os/errno.ts";
import { commit, type DatabaseChange, hasNone } from "./changes.ts";
import { isAtLimit, isDamaged, openDatabase, setAside } from "./database.ts";

declare const self: Worker;

/** `setAside`: the database was found to be damaged. `close` comes before `end`, which has no answer. */
export type DatabaseRequest =
  | DatabaseChange
  | { do: "setAside"; reason: string }
  | { do: "close" }
  | { do: "end" };

/** The end of a request. */
export type DatabaseAnswer = { id: number } & Result;

interface Failure {
  code: "too_many_properties" | "storage_full" | "storage_failed";
  detail: string;
  /** For the log. */
  reason: string;
}

/** @param warning for the operator: another database is used from now on */
type Result = ({ empty: boolean } | { failed: Failure }) & { warning?: string };

let file = "";
let database: Database | null = null;

self.onmessage = ({ data }: MessageEvent<{ file: string } | ({ id: number } & DatabaseRequest)>) => {
  if ("file" in data) file = data.file;
  else self.postMessage({ id: data.id, ...serve(data) });
};

function serve(request: DatabaseRequest): Result {
  try {
    if (request.do === "setAside") return { empty: true, warning: putAside(new Error(request.reason)) };
    if (request.do === "end") process.exit();
    if (request.do === "close") {
      close();
      return { empty: true };
    }
    database ??= openDatabase(file, { create: true });
    commit(database, request);
    return { empty: hasNone(database) };
  } catch (error) {
    return failure(error);
  }
}

function failure(error: unknown): Result {
  const reason = messageOf(error);
  if (error instanceof Problem && error.code === "too_many_properties")
    return { failed: { code: error.code, detail: error.detail, reason } };
  const code = errnoOf(error) ?? "";
  if (code === "SQLITE_FULL" || FULL.has(code)) {
    const detail = "The database of WebDAV properties and locks has reached its maximum size.";
    if (database && isAtLimit(database)) return { failed: { code: "too_many_properties", detail, reason } };
    return { failed: { code: "storage_full", detail: "The disk is full.", reason } };
  }
  const failed = {
    code: "storage_failed",
    detail: "The database of WebDAV properties and locks cannot be written to.",
    reason,
  } as const;
  if (!isDamaged(error)) return { failed };
  try {
    return { failed, warning: putAside(error) };
  } catch {
    // The answer has the reason why it is not usable; the next change tries again.
    return { failed };
  }
}

function putAside(cause: unknown): string {
  close();
  return setAside(file, cause);
}

function close(): void {
  database?.close();
  database = null;
}
