// Chance that is the same in every run.

/** Mulberry32: small, and good enough to choose cuts. */
export class Dice {
  constructor(private state: number) {}

  /** From 0 up to, and without, `end`. */
  upTo(end: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end);
  }

  oneOf<T>(first: T, ...others: T[]): T {
    return others[this.upTo(others.length + 1) - 1] ?? first;
  }
}
