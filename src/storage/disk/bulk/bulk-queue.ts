// Runs long jobs concurrently on one thread, round robin in time slices.

import { TimeSlice } from "../../../system/time-slice.ts";

/** A job that yields after each piece of work, about one system call, and returns its result. */
export type Job = Generator<void, number | undefined, void>;

/** Milliseconds that a job runs before the next one continues. */
const SLICE_MS = 5;

export class BulkQueue {
  readonly #jobs: { job: Job; ended: PromiseWithResolvers<number | undefined> }[] = [];
  #running = false;

  /** Adds a job. Resolves with its result. @throws the error of the job */
  run(job: Job): Promise<number | undefined> {
    const ended = Promise.withResolvers<number | undefined>();
    this.#jobs.push({ job, ended });
    if (!this.#running) void this.#run();
    return ended.promise;
  }

  async #run(): Promise<void> {
    this.#running = true;
    const slice = new TimeSlice(SLICE_MS);
    for (;;) {
      // Receives new requests; their jobs start before a running one continues.
      await slice.yield();
      const next = this.#jobs.shift();
      if (!next) break;
      const { job, ended } = next;
      try {
        const result = runSlice(job, slice);
        if (result === MORE) this.#jobs.push(next);
        else ended.resolve(result);
      } catch (error) {
        ended.reject(error);
      }
    }
    this.#running = false;
  }
}

/** Returned for a job that has not ended. */
const MORE = Symbol();

/** Runs a job until the slice expires. */
function runSlice(job: Job, slice: TimeSlice): number | undefined | typeof MORE {
  for (;;) {
    const { done, value } = job.next();
    if (done) return value;
    if (slice.expired) return MORE;
  }
}
