// How late this server does things: the longest time that a timer came late, while somebody asks for it.

/** Milliseconds between two looks. */
const BEAT = 50;
/** Milliseconds without a question after which nobody looks any more. */
const REST = 5 * 60_000;

/** One per app. Nothing runs before the first question. */
export class EventLoopDelay {
  #worst = 0;
  #due: number | undefined;
  #asked = 0;

  /** Seconds: the longest since the last question, what is late now included; 0 at the first. */
  readAndReset(): number {
    this.#asked = performance.now();
    if (this.#due === undefined) this.#beat();
    const worst = Math.max(this.#worst, this.#overdue);
    this.#worst = 0;
    return worst;
  }

  get #overdue(): number {
    return this.#due === undefined ? 0 : Math.max(0, performance.now() - this.#due) / 1000;
  }

  #beat(): void {
    this.#due = performance.now() + BEAT;
    setTimeout(() => {
      this.#worst = Math.max(this.#worst, this.#overdue);
      if (performance.now() - this.#asked < REST) return this.#beat();
      this.#due = undefined;
    }, BEAT).unref();
  }
}
