// Deterministic random numbers.

/** The generator Mulberry32. */
export class Dice {
  constructor(private state: number) {}

  /** An integer from 0 to `end`, exclusive. */
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
