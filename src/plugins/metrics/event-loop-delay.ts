// Measures the event-loop delay: by how much a timer fired late at most, while somebody reads the value.

/** Milliseconds between two samples. */
const INTERVAL = 50;
/** Milliseconds without a read after which sampling stops. */
const STOP_AFTER = 5 * 60_000;

/** One per app. Sampling starts with the first read. */
export class EventLoopDelay {
  #worst = 0;
  #due: number | undefined;
  #lastRead = 0;

  /** The longest delay in seconds since the previous read, including a timer that is late now; 0 at the first read. */
  readAndReset(): number {
    this.#lastRead = performance.now();
    if (this.#due === undefined) this.#sample();
    const worst = Math.max(this.#worst, this.#overdue);
    this.#worst = 0;
    return worst;
  }

  get #overdue(): number {
    return this.#due === undefined ? 0 : Math.max(0, performance.now() - this.#due) / 1000;
  }

  #sample(): void {
    this.#due = performance.now() + INTERVAL;
    setTimeout(() => {
      this.#worst = Math.max(this.#worst, this.#overdue);
      if (performance.now() - this.#lastRead < STOP_AFTER) return this.#sample();
      this.#due = undefined;
    }, INTERVAL).unref();
  }
}
