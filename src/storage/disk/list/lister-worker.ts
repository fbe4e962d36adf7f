// The thread that looks into folders. It may wait for the disk: nobody waits for it but those who ask.

import type { FolderPath } from "../../../path.ts";
import type { ProblemCode } from "../../../problems.ts";
import type { Entry } from "../../entry.ts";
import type { Page, PageQuery } from "../../paging.ts";
import { PathLookup } from "../at/lookup.ts";
import { blockingCalls } from "../os/calls.ts";
import { diskProblem, errnoOf } from "../os/errno.ts";
import { Lister } from "./lister.ts";

declare const self: Worker;

/** What the thread is told first: the root, as a {@link PathLookup} takes it. */
export interface RootIdentity {
  root: string;
  identity: PathLookup["identity"];
}

/** What it is asked. A scan goes on with each `next`, until it is done or left. */
export type Question = { id: number } & (
  | { ask: "page"; folder: FolderPath; query: PageQuery }
  | { ask: "scan"; folder: FolderPath }
  | { ask: "next" | "stop"; scan: number }
  | { ask: "end" }
);

/** What it answers to each question. No entries: the scan is done. */
export type Answer = { id: number } & ({ page: Page } | { entries: Entry[] | null } | { failed: Failure });

/** A problem on its way to the other thread. */
export interface Failure {
  code: ProblemCode;
  detail: string;
  /** Of the error of the system behind it. */
  errno?: string | undefined;
  message?: string | undefined;
}

let lister: Lister | undefined;
const scans = new Map<number, AsyncGenerator<Entry[], void, void>>();

self.onmessage = ({ data }: MessageEvent<RootIdentity | Question>): void => {
  if ("root" in data) lister = new Lister(new PathLookup(blockingCalls, data.root, data.identity));
  else if (lister) void serve(lister, data);
};

/** Questions that are not answered yet. */
let open = 0;
let ending = false;
let collecting: Timer | undefined;
/** Milliseconds without a question after which memory is given back: what pages leave behind is many times what is kept. */
const QUIET_MS = 50;

/** The thread ends when everything is answered: until then it has folders open. */
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
      scans.set(id, folders.scan(question.folder));
      return { id, entries: await next(id) };
    }
    if (question.ask === "end") {
      ending = true;
      for (const scan of scans.values()) await scan.return();
      return { id, entries: null };
    }
    if (question.ask === "next") return { id, entries: await next(question.scan) };
    await scans.get(question.scan)?.return();
    scans.delete(question.scan);
    return { id, entries: null };
  } catch (error) {
    return { id, failed: failureOf(error) };
  }
}

async function next(scan: number): Promise<Entry[] | null> {
  const step = await scans.get(scan)?.next();
  if (step && !step.done) return step.value;
  scans.delete(scan);
  return null;
}

function failureOf(error: unknown): Failure {
  const { code, detail, cause } = diskProblem(error);
  const message = cause instanceof Error ? cause.message : undefined;
  return { code, detail, errno: errnoOf(cause), message };
}
