// Worker thread for directory listings. It may block on the disk without stalling the network thread.

import type { FolderPath } from "../../../path.ts";
import type { ProblemCode } from "../../../problems.ts";
import type { Entry } from "../../entry.ts";
import type { NameQuery } from "../../listing/name-query.ts";
import type { Page, PageQuery } from "../../listing/paging.ts";
import { Skipped, type SkippedEntries } from "../../listing/skipped.ts";
import type { ViewText } from "../../listing/view.ts";
import { PathLookup } from "../at/lookup.ts";
import { blockingCalls } from "../os/calls.ts";
import { diskProblem, errnoOf } from "../os/errno.ts";
import { Lister } from "./lister.ts";

declare const self: Worker;

/** The first message to the thread: the arguments of its {@link PathLookup}. */
export interface RootIdentity {
  root: string;
  identity: PathLookup["identity"];
}

/** A request. A scan or search continues with each `next`, until it is done or stopped. */
export type Question = { id: number } & (
  | { ask: "page"; folder: FolderPath; query: PageQuery }
  | { ask: "scan"; folder: FolderPath; view?: ViewText | undefined }
  | { ask: "search"; folder: FolderPath; query: NameQuery }
  | { ask: "next" | "stop"; scan: number }
  | { ask: "end" }
);

/** The answer to a request. A scan ends with `skipped` instead of entries. */
export type Answer = { id: number } & (
  | { page: Page }
  | { entries: Entry[] }
  | { skipped: SkippedEntries }
  | { ended: true }
  | { failed: Failure }
);

/** A problem in a form that can be posted to another thread. */
export interface Failure {
  code: ProblemCode;
  detail: string;
  /** Errno of the system error that caused it. */
  errno?: string | undefined;
  message?: string | undefined;
}

let lister: Lister | undefined;
const scans = new Map<number, AsyncGenerator<Entry[], SkippedEntries, void>>();

self.onmessage = ({ data }: MessageEvent<RootIdentity | Question>): void => {
  if ("root" in data) lister = new Lister(new PathLookup(blockingCalls, data.root, data.identity));
  else if (lister) void serve(lister, data);
};

/** Number of unanswered requests. */
let open = 0;
let ending = false;
let collecting: Timer | undefined;
/** Milliseconds without a request before a garbage collection: pages leave much more garbage than the cache holds. */
const QUIET_MS = 50;

/** Answers a request. Exits only after the last answer, because until then folders are open. */
async function serve(folders: Lister, question: Question): Promise<void> {
  open += 1;
  clearTimeout(collecting);
  self.postMessage(await answer(folders, question));
  open -= 1;
  if (ending && open === 0) process.exit();
  if (open === 0) collecting = setTimeout(() => Bun.gc(true), QUIET_MS);
}

async function answer(folders: Lister, question: Question): Promise<Answer> {
  const { id } = question;
  try {
    if (question.ask === "page") return { id, page: await folders.page(question.folder, question.query) };
    if (question.ask === "scan") {
      scans.set(id, folders.scan(question.folder, question.view));
      return { id, ...(await next(id)) };
    }
    if (question.ask === "search") {
      scans.set(id, folders.search(question.folder, question.query));
      return { id, ...(await next(id)) };
    }
    if (question.ask === "end") {
      ending = true;
      for (const scan of scans.keys()) await stop(scan);
      return { id, ended: true };
    }
    if (question.ask === "next") return { id, ...(await next(question.scan)) };
    await stop(question.scan);
    return { id, ended: true };
  } catch (error) {
    return { id, failed: failureOf(error) };
  }
}

async function next(scan: number): Promise<{ entries: Entry[] } | { skipped: SkippedEntries }> {
  const step = await scans.get(scan)?.next();
  if (step && !step.done) return { entries: step.value };
  scans.delete(scan);
  const { count, first } = step?.value ?? new Skipped();
  return { skipped: { count, first } };
}

async function stop(scan: number): Promise<void> {
  await scans.get(scan)?.return(new Skipped());
  scans.delete(scan);
}

function failureOf(error: unknown): Failure {
  const { code, detail, cause } = diskProblem(error);
  const message = cause instanceof Error ? cause.message : undefined;
  return { code, detail, errno: errnoOf(cause), message };
}
