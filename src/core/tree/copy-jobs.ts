// Background copies: runs a few at a time, queues the others, and remembers finished ones for a while.

import { asProblem, Problem } from "../../errors.ts";
import type { FilePath } from "../../path.ts";
import { Gate } from "../admission/gate.ts";
import { type ListedEntry, listed } from "../browse/listing.ts";
import type { ClaimedName } from "../naming/conflict.ts";
import type { CopyOperation } from "./copy.ts";

/** Copies at the same time: more would only make the disk seek. */
const MAX_CONCURRENT = 2;
/** Copies that run or wait. */
const MAX_UNFINISHED = 32;
/** Ended ones that are remembered, and for how many milliseconds. */
const MAX_ENDED = 100;
const REMEMBERED = 3600_000;
/** Seconds a refused client is asked to wait. */
const RETRY_AFTER = 10;

/** A job as clients see it. */
export interface JobReport {
  id: string;
  state: "waiting" | "running" | "done" | "failed" | "cancelled";
  from: FilePath;
  to: FilePath;
  /** Bytes copied so far. */
  bytes: number;
  /** Bytes to copy; of a folder 0 until it was looked at. */
  total: number;
  /** What was made, when done. */
  entry?: ListedEntry & { renamedFrom?: string };
  /** Why it failed. */
  error?: { code: string; detail: string };
}

/** Told of the end of a job, unless it was cancelled. */
export interface Ends {
  done(placed: ClaimedName): void;
  failed(problem: Problem): void;
}

class Job {
  readonly id = crypto.randomUUID();
  readonly #cancel = new AbortController();
  readonly #ended = Promise.withResolvers<void>();
  state: JobReport["state"] = "waiting";
  endedAt = Number.POSITIVE_INFINITY;
  #outcome: Pick<JobReport, "entry" | "error"> = {};

  constructor(
    readonly copying: CopyOperation,
    readonly ends: Ends,
    readonly leave: () => void,
  ) {}

  async run(): Promise<void> {
    this.state = "running";
    try {
      const placed = await this.copying.run(this.#cancel.signal);
      this.#outcome = { entry: placedEntry(placed) };
      this.#end("done");
      this.ends.done(placed);
    } catch (error) {
      if (error === this.#cancel.signal.reason) return this.#end("cancelled");
      const problem = asProblem(error);
      this.#outcome = { error: { code: problem.code, detail: problem.detail } };
      this.#end("failed");
      this.ends.failed(problem);
    }
  }

  /** Resolves when nothing of it goes on; it may have been done just before. */
  async cancel(): Promise<void> {
    this.#cancel.abort(new Error("The job was cancelled."));
    if (this.state === "waiting") {
      this.#end("cancelled");
      await this.copying.discard();
    }
    await this.#ended.promise;
  }

  report(): JobReport {
    const { id, state, copying } = this;
    const { way, bytes, total } = copying;
    return { id, state, from: way.from, to: way.to, bytes, total, ...this.#outcome };
  }

  #end(state: JobReport["state"]): void {
    this.state = state;
    this.endedAt = Date.now();
    this.leave();
    this.#ended.resolve();
  }
}

/** One per app. */
export class CopyJobs {
  /** In the order in which they came. */
  readonly #all = new Map<string, Job>();
  readonly #gate = new Gate(
    MAX_UNFINISHED,
    {
      code: "too_many_jobs",
      detail: `${MAX_UNFINISHED} copies are already running or queued, the maximum. Try again in ${RETRY_AFTER} seconds.`,
    },
    RETRY_AFTER,
  );
  #closed = false;

  /** Jobs that run or wait. */
  get unfinished(): number {
    return this.#gate.entered;
  }

  /** Runs the copy, now or later. @throws Problem too_many_jobs, draining; then the copy is still the caller's */
  start(copying: CopyOperation, ends: Ends): JobReport {
    if (this.#closed) throw new Problem("draining", "The server is stopping; try again when it is back.");
    const job = new Job(copying, ends, this.#gate.enter());
    this.#all.set(job.id, job);
    this.#next();
    return job.report();
  }

  /** Those that run or wait, and those that ended not long ago. */
  reports(): JobReport[] {
    this.#forgetOld();
    return [...this.#all.values()].map((job) => job.report());
  }

  /** @throws Problem not_found */
  report(id: string): JobReport {
    return this.#find(id).report();
  }

  /** Ends a job, or forgets one that has ended. Resolves when nothing of it goes on. @throws Problem not_found */
  async cancel(id: string): Promise<void> {
    const job = this.#find(id);
    if (Number.isFinite(job.endedAt)) this.#all.delete(id);
    else await job.cancel();
  }

  /** Ends all of them, and takes no more. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#in("waiting"), ...this.#in("running")].map((job) => job.cancel()));
  }

  #find(id: string): Job {
    this.#forgetOld();
    const job = this.#all.get(id);
    if (!job) throw new Problem("not_found", "There is no such job, or it ended too long ago.");
    return job;
  }

  #next(): void {
    const [first] = this.#in("waiting");
    if (!first || this.#closed || this.#in("running").length >= MAX_CONCURRENT) return;
    void first.run().finally(() => this.#next());
  }

  #in(state: JobReport["state"]): Job[] {
    return [...this.#all.values()].filter((job) => job.state === state);
  }

  #forgetOld(): void {
    const ended = [...this.#all.values()].filter(({ endedAt }) => Number.isFinite(endedAt));
    const old = ended.filter(({ endedAt }) => endedAt < Date.now() - REMEMBERED);
    const tooMany = ended.slice(0, Math.max(0, ended.length - MAX_ENDED));
    for (const { id } of [...old, ...tooMany]) this.#all.delete(id);
  }
}

/** An entry where it is now, as clients see it. */
export function placedEntry({ entry, renamedFrom }: ClaimedName): ListedEntry & { renamedFrom?: string } {
  return { ...listed(entry), ...(renamedFrom !== undefined && { renamedFrom }) };
}
