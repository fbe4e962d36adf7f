// Background copies: runs a few concurrently, queues the others, and remembers ended ones for a while.

import { asProblem, Problem } from "../../errors.ts";
import type { FilePath } from "../../path.ts";
import { HOUR } from "../../units.ts";
import { Gate } from "../admission/gate.ts";
import { type ListedEntry, listed } from "../browse/listing.ts";
import type { ClaimedName, MoveRequest } from "../naming/conflict.ts";
import type { MadeBy } from "../report/active-uploads.ts";
import type { CopyOperation } from "./copy.ts";

/** Copies run concurrently: more would only make the disk seek. */
const MAX_CONCURRENT = 2;
/** Copies that run or are queued. */
const MAX_UNFINISHED = 32;
/** Ended jobs that are remembered. */
const MAX_ENDED = 100;
/** Milliseconds an ended job is remembered. */
const MAX_AGE = HOUR;
/** Seconds a refused client is asked to wait. */
const RETRY_AFTER = 10;

const ALL: JobFilter = () => true;

/** A job as clients see it. */
export interface JobReport {
  id: string;
  state: "waiting" | "running" | "done" | "failed" | "cancelled";
  from: FilePath;
  to: FilePath;
  /** Bytes copied so far. */
  bytes: number;
  /** Bytes to copy; 0 until a folder has been measured. */
  total: number;
  /** Links and special files (pipes, sockets, devices) that the copy lacks; left out when there are none. */
  skipped?: number;
  /** The copy, when `state` is `done`. */
  entry?: ListedEntry & { renamedFrom?: string };
  /** The reason, when `state` is `failed`. */
  error?: { code: string; detail: string };
}

/** Called when a job ends, unless it was cancelled. */
export interface JobObserver {
  done(claimed: ClaimedName): void;
  failed(problem: Problem): void;
}

/** Selects jobs by their paths, and by who made them. */
export type JobFilter = (request: MoveRequest, madeBy: MadeBy | undefined) => boolean;

class Job {
  readonly id = crypto.randomUUID();
  readonly #cancel = new AbortController();
  readonly #ended = Promise.withResolvers<void>();
  state: JobReport["state"] = "waiting";
  endedAt = Number.POSITIVE_INFINITY;
  #result: Pick<JobReport, "entry" | "error"> = {};

  constructor(
    readonly operation: CopyOperation,
    readonly observer: JobObserver,
    readonly leaveGate: () => void,
    readonly madeBy: MadeBy | undefined,
  ) {}

  async run(): Promise<void> {
    this.state = "running";
    try {
      const claimed = await this.operation.run(this.#cancel.signal);
      this.#result = { entry: claimedEntry(claimed) };
      this.#end("done");
      this.observer.done(claimed);
    } catch (error) {
      this.#endWith(error);
    }
  }

  /**
   * Cancels the job and resolves when it has ended. It may have completed just before.
   * @param reason a problem with which the job fails instead
   */
  async cancel(reason: Problem | Error = new Error("The job was cancelled.")): Promise<void> {
    this.#cancel.abort(reason);
    if (this.state === "waiting") {
      this.#endWith(reason);
      await this.operation.discard();
    }
    await this.#ended.promise;
  }

  isIn(filter: JobFilter): boolean {
    return filter(this.operation.request, this.madeBy);
  }

  report(): JobReport {
    const { id, state, operation } = this;
    const { request, bytes, total, skipped } = operation;
    return {
      id,
      state,
      from: request.from,
      to: request.to,
      bytes,
      total,
      ...(skipped > 0 && { skipped }),
      ...this.#result,
    };
  }

  #endWith(error: unknown): void {
    if (error === this.#cancel.signal.reason && !(error instanceof Problem)) {
      this.#end("cancelled");
      return;
    }
    const problem = asProblem(error);
    this.#result = { error: { code: problem.code, detail: problem.detail } };
    this.#end("failed");
    this.observer.failed(problem);
  }

  #end(state: JobReport["state"]): void {
    this.state = state;
    this.endedAt = Date.now();
    this.leaveGate();
    this.#ended.resolve();
  }
}

/** The copies of one server. */
export class CopyJobs {
  /** By id, in the order of creation. */
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

  /** Number of jobs that run or are queued. */
  get unfinished(): number {
    return this.#gate.entered;
  }

  /**
   * Runs a copy, or queues it.
   * @throws Problem too_many_jobs, draining; then the caller must still discard the operation
   */
  start(operation: CopyOperation, observer: JobObserver, madeBy?: MadeBy): JobReport {
    if (this.#closed) throw new Problem("draining", "The server is stopping; try again when it is back.");
    const job = new Job(operation, observer, this.#gate.enter(), madeBy);
    this.#all.set(job.id, job);
    this.#runNext();
    return job.report();
  }

  /** Of the jobs that `sees` selects, those that run or are queued, and those that ended recently. */
  reports(sees: JobFilter = ALL): JobReport[] {
    this.#forgetOld();
    return [...this.#all.values()].filter((job) => job.isIn(sees)).map((job) => job.report());
  }

  /** @throws Problem not_found, also for a job that `sees` does not select */
  report(id: string, sees: JobFilter = ALL): JobReport {
    return this.#find(id, sees).report();
  }

  /** Cancels a job and resolves when it has ended, or forgets one that has ended already. @throws Problem as `report` */
  async cancel(id: string, sees: JobFilter = ALL): Promise<void> {
    const job = this.#find(id, sees);
    if (Number.isFinite(job.endedAt)) this.#all.delete(id);
    else await job.cancel();
  }

  /** Makes the unfinished jobs fail whose maker `may` does not select any more. */
  revoke(may: JobFilter, problem: Problem): void {
    for (const job of this.#all.values())
      if (job.madeBy && !Number.isFinite(job.endedAt) && !job.isIn(may)) void job.cancel(problem);
  }

  /** Cancels all jobs, refuses new ones, and resolves when all have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(
      [...this.#withState("waiting"), ...this.#withState("running")].map((job) => job.cancel()),
    );
  }

  #find(id: string, sees: JobFilter): Job {
    this.#forgetOld();
    const job = this.#all.get(id);
    if (!job?.isIn(sees))
      throw new Problem(
        "not_found",
        "There is no job with this id. It may have ended more than an hour ago.",
      );
    return job;
  }

  /** Runs the oldest queued job, if a slot is free. */
  #runNext(): void {
    const [first] = this.#withState("waiting");
    if (!first || this.#closed || this.#withState("running").length >= MAX_CONCURRENT) return;
    void first.run().finally(() => this.#runNext());
  }

  #withState(state: JobReport["state"]): Job[] {
    return [...this.#all.values()].filter((job) => job.state === state);
  }

  #forgetOld(): void {
    const ended = [...this.#all.values()].filter(({ endedAt }) => Number.isFinite(endedAt));
    const old = ended.filter(({ endedAt }) => endedAt < Date.now() - MAX_AGE);
    const excess = ended.slice(0, Math.max(0, ended.length - MAX_ENDED));
    for (const { id } of [...old, ...excess]) this.#all.delete(id);
  }
}

/** An entry under the name it got, as clients see it. */
export function claimedEntry({ entry, renamedFrom }: ClaimedName): ListedEntry & { renamedFrom?: string } {
  return { ...listed(entry), ...(renamedFrom !== undefined && { renamedFrom }) };
}
