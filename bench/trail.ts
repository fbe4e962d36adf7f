// Records the order in which instrumented functions run and counts changes between files, for `bench/walks.ts`.

import { AsyncLocalStorage } from "node:async_hooks";

/** A function call in progress. */
interface Frame {
  readonly file: string;
  readonly name: string;
}

/** A transfer of control to a function, and its cause. */
export interface Step extends Frame {
  readonly how: "call" | "access" | "return" | "resume";
}

/** Records the steps of instrumented functions that run on behalf of one request. */
export class Trail {
  /** The call stack, without suspended functions. */
  readonly #stack: Frame[] = [];
  readonly #request = new AsyncLocalStorage<Step[]>();

  /** Runs a request's handler and records in `steps` everything that it starts, now or later. */
  follow<T>(steps: Step[], run: () => T): T {
    return this.#request.run(steps, run);
  }

  /** Called at the start of a function. */
  enter(file: string, name: string, how: Step["how"]): Frame {
    const frame = { file, name };
    this.#stack.push(frame);
    this.#record(frame, how);
    return frame;
  }

  /** Called when a function returns or throws: control returns to its caller. */
  exit(frame: Frame): void {
    this.#pop(frame);
    this.#returnToCaller();
  }

  /** Called before a function suspends: control returns to its caller. */
  leave<T>(frame: Frame, value: T): T {
    this.exit(frame);
    return value;
  }

  /** Called when a function resumes after `await` or `yield`. */
  resume<T>(frame: Frame, value: T): T {
    this.#stack.push(frame);
    this.#record(frame, "resume");
    return value;
  }

  /** Called where a function may have resumed unrecorded: in a loop, or after a rejected `await`. */
  here(frame: Frame): void {
    if (!this.#stack.includes(frame)) this.#stack.push(frame);
    this.#record(frame, "resume");
  }

  /** Wraps the iterable of a `for await` loop, which suspends the function for each value. */
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
    // Resumed unrecorded: an `await` was rejected, or the iterator was closed early.
    if (at === -1) this.#record(frame, "resume");
    else this.#stack.length = at;
  }

  #returnToCaller(): void {
    const caller = this.#stack.at(-1);
    if (caller) this.#record(caller, "return");
  }

  #record({ file, name }: Frame, how: Step["how"]): void {
    this.#request.getStore()?.push({ file, name, how });
  }
}

/** The files that a request entered, and how often control changed file, by three definitions of a step. */
export interface Walk {
  files: number;
  /** Counts calls only: neither getters and setters, nor returns. */
  changes: number;
  /** Also counts getters and setters. */
  withAccessors: number;
  /** Also counts returns to a caller and resumed functions. */
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

/** Consecutive steps that are in different files. */
function changesOf(steps: readonly Step[]): { from: Step; to: Step }[] {
  return steps.flatMap((to, index) => {
    const from = steps[index - 1];
    return from !== undefined && from.file !== to.file ? [{ from, to }] : [];
  });
}

/** How often control changed between two files in either direction, most frequent first. */
export function pairsOf(steps: readonly Step[]): [pair: string, changes: number][] {
  const pairs = new Map<string, number>();
  for (const { from, to } of changesOf(steps)) {
    const pair = [from.file, to.file].sort().join(" ↔ ");
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  }
  return [...pairs].sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1));
}
