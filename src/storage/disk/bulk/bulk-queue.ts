// Runs long jobs side by side on one thread: each in small pieces, and each in its turn.

import { TimeSlice } from "../../../system/time-slice.ts";

/** A job that yields after each piece of work, a system call or so, and returns its result. */
export type Job = Generator<void, number | undefined, void>;

/** Milliseconds that a job runs until the next one has its turn. */
const TURN_MS = 5;

export class BulkQueue {
  readonly #jobs: { job: Job; ended: PromiseWithResolvers<number | undefined> }[] = [];
  #running = false;

  /** Resolves with the result of the job, once it had as many turns as it needs. @throws the error of the job */
  run(job: Job): Promise<number | undefined> {
    const ended = Promise.withResolvers<number | undefined>();
    this.#jobs.push({ job, ended });
    if (!this.#running) void this.#run();
    return ended.promise;
  }

  async #run(): Promise<void> {
    this.#running = true;
    const slice = new TimeSlice(TURN_MS);
    for (;;) {
      // Lets orders of new jobs in, which then have their turn before a running one has another.
      await slice.yield();
      const next = this.#jobs.shift();
      if (!next) break;
      const { job, ended } = next;
      try {
        const result = turn(job, slice);
        if (result === MORE) this.#jobs.push(next);
        else ended.resolve(result);
      } catch (error) {
        ended.reject(error);
      }
    }
    this.#running = false;
  }
}

const MORE = Symbol();

/** Runs a job until the slice expires. */
function turn(job: Job, slice: TimeSlice): number | undefined | typeof MORE {
  for (;;) {
    const { done, value } = job.next();
    if (done) return value;
    if (slice.expired) return MORE;
  }
}
