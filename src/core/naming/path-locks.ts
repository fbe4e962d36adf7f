// A mutex per path, for steps that check an entry and then act on the result.

import type { FilePath } from "../../path.ts";

/** In memory only, because one server has exclusive use of the root. */
export class PathLocks {
  readonly #tails = new Map<FilePath, Promise<void>>();

  /** Runs `step` when all earlier steps for the path have ended, whether they failed or not. */
  async withLock<T>(path: FilePath, step: () => Promise<T>): Promise<T> {
    const previous = this.#tails.get(path) ?? Promise.resolve();
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const tail = previous.then(() => released);
    this.#tails.set(path, tail);
    await previous;
    try {
      return await step();
    } finally {
      release();
      if (this.#tails.get(path) === tail) this.#tails.delete(path);
    }
  }

  /** Runs `step` when all earlier steps for any of the paths have ended. */
  async withLocks<T>(paths: readonly FilePath[], step: () => Promise<T>): Promise<T> {
    // Always acquired in the same order, which prevents deadlocks.
    const [first, ...others] = [...new Set(paths)].sort();
    if (first === undefined) return await step();
    return await this.withLock(first, () => this.withLocks(others, step));
  }
}
