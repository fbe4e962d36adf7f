// Records the order in which instrumented functions run and counts changes between files, for `bench/walks.ts`.

import { AsyncLocalStorage } from "node:async_hooks";

/** A call of a function that has begun. */
interface Frame {
  readonly file: string;
  readonly name: string;
}

/** Control is in this function now, and how it got there. */
export interface Step extends Frame {
  readonly how: "call" | "access" | "return" | "resume";
}

/** Functions that run because of one request say here where control is. */
export class Trail {
  /** The functions that run now, each called by the one before; without those that wait. */
  readonly #stack: Frame[] = [];
  readonly #request = new AsyncLocalStorage<Step[]>();

  /** Runs what is part of a request: whatever it starts, at once or later, is put down in `steps`. */
  follow<T>(steps: Step[], run: () => T): T {
    return this.#request.run(steps, run);
  }

  /** What a function says first. */
  enter(file: string, name: string, how: Step["how"]): Frame {
    const frame = { file, name };
    this.#stack.push(frame);
    this.#note(frame, how);
    return frame;
  }

  /** What it says last: control goes back to whoever called it. */
  exit(frame: Frame): void {
    this.#pop(frame);
    this.#back();
  }

  /** Before it waits: control goes back too. */
  leave<T>(frame: Frame, value: T): T {
    this.exit(frame);
    return value;
  }

  /** After it has waited. */
  resume<T>(frame: Frame, value: T): T {
    this.#stack.push(frame);
    this.#note(frame, "resume");
    return value;
  }

  /** Where it may have been away without saying so: in a loop, or because what it waited for failed. */
  here(frame: Frame): void {
    if (!this.#stack.includes(frame)) this.#stack.push(frame);
    this.#note(frame, "resume");
  }

  /** What a loop goes over that waits for each value. */
  each<T>(frame: Frame, values: AsyncIterable<T> | Iterable<T>): AsyncIterable<T> {
    const wait = async <R>(step: () => R): Promise<Awaited<R>> => {
      const waiting = step();
      this.leave(frame, undefined);
      try {
        return await waiting;
      } finally {
        this.resume(frame, undefined);
      }
    };
    return {
      [Symbol.asyncIterator]() {
        const iterator =
          Symbol.asyncIterator in values ? values[Symbol.asyncIterator]() : values[Symbol.iterator]();
        return {
          next: () => wait(() => iterator.next()),
          return: () => wait(() => iterator.return?.() ?? { done: true as const, value: undefined }),
        };
      },
    };
  }

  #pop(frame: Frame): void {
    const at = this.#stack.lastIndexOf(frame);
    // It failed after it had waited, or its iterator was given up: it ran all the same.
    if (at === -1) this.#note(frame, "resume");
    else this.#stack.length = at;
  }

  #back(): void {
    const caller = this.#stack.at(-1);
    if (caller) this.#note(caller, "return");
  }

  #note({ file, name }: Frame, how: Step["how"]): void {
    this.#request.getStore()?.push({ file, name, how });
  }
}

/** What a request entered, and how often control went from one file to another, by what counts as a step. */
export interface Walk {
  files: number;
  /** Calls only: without getters and setters, and without what goes on after a call. */
  changes: number;
  /** Getters and setters too. */
  withAccessors: number;
  /** And each return to a caller, and each function that goes on after it has waited. */
  withReturns: number;
}

export function walkOf(steps: readonly Step[]): Walk {
  const entered = steps.filter(({ how }) => how === "call" || how === "access");
  return {
    files: new Set(entered.map(({ file }) => file)).size,
    changes: changesOf(callsOf(steps)).length,
    withAccessors: changesOf(entered).length,
    withReturns: changesOf(steps).length,
  };
}

export function callsOf(steps: readonly Step[]): Step[] {
  return steps.filter(({ how }) => how === "call");
}

/** The steps after which control is in another file than before, with the one before. */
function changesOf(steps: readonly Step[]): { from: Step; to: Step }[] {
  return steps.flatMap((to, index) => {
    const from = steps[index - 1];
    return from !== undefined && from.file !== to.file ? [{ from, to }] : [];
  });
}

/** How often control went between two files, either way; the busiest first. */
export function pairsOf(steps: readonly Step[]): [pair: string, changes: number][] {
  const pairs = new Map<string, number>();
  for (const { from, to } of changesOf(steps)) {
    const pair = [from.file, to.file].sort().join(" ↔ ");
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  }
  return [...pairs].sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1));
}
