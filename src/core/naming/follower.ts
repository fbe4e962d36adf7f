// Keeps what refers to entries by their paths, such as links, up to date when entries are moved and removed.

import type { FilePath } from "../../path.ts";
import type { ClaimedName } from "./conflict.ts";

export interface Follower {
  /** Runs the step that moves an entry, and everything in it. */
  move<Moved extends ClaimedName>(from: FilePath, step: () => Promise<Moved>): Promise<Moved>;
  /** Runs the step that removes an entry, and everything in it. */
  remove<T>(path: FilePath, step: () => Promise<T>): Promise<T>;
  /** Runs the step that gives the path of an entry to another one. If it fails, the old entry is back, with everything in it. */
  replace<T>(path: FilePath, step: () => Promise<T>): Promise<T>;
}

/** Several followers, each of which runs the step of the next one. */
export class Followers implements Follower {
  readonly #all: Follower[];

  constructor(...all: Follower[]) {
    this.#all = all;
  }

  add(follower: Follower): void {
    this.#all.unshift(follower);
  }

  move<Moved extends ClaimedName>(from: FilePath, step: () => Promise<Moved>): Promise<Moved> {
    return this.#all.reduce((next, follower) => () => follower.move(from, next), step)();
  }

  remove<T>(path: FilePath, step: () => Promise<T>): Promise<T> {
    return this.#all.reduce((next, follower) => () => follower.remove(path, next), step)();
  }

  replace<T>(path: FilePath, step: () => Promise<T>): Promise<T> {
    return this.#all.reduce((next, follower) => () => follower.replace(path, next), step)();
  }
}
