// The locks in memory, found by their token, by a path they cover, and below a folder.

import { isWithin, parentOf, ROOT } from "../../path.ts";
import type { LockRecord } from "../../storage/lock-records.ts";

/** A lock (RFC 4918 section 6). */
export type Lock = LockRecord;

export class LockTable {
  readonly #byToken = new Map<string, Lock>();
  readonly #byPath = new Map<string, Lock[]>();
  /** When the first lock expires, at the earliest; milliseconds since 1970. */
  #soonest = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.#byToken.size;
  }

  get soonest(): number {
    return this.#soonest;
  }

  get all(): Iterable<Lock> {
    return this.#byToken.values();
  }

  find(token: string): Lock | undefined {
    return this.#byToken.get(token);
  }

  /** Adds a lock, or replaces the one with its token. */
  add(lock: Lock): void {
    this.delete(lock.token);
    this.#byToken.set(lock.token, lock);
    this.#byPath.set(lock.path, [...this.at(lock.path), lock]);
    this.#soonest = Math.min(this.#soonest, lock.expires);
  }

  /** @returns whether there was one */
  delete(token: string): boolean {
    const lock = this.#byToken.get(token);
    if (!lock) return false;
    this.#byToken.delete(token);
    const left = this.at(lock.path).filter((other) => other !== lock);
    if (left.length > 0) this.#byPath.set(lock.path, left);
    else this.#byPath.delete(lock.path);
    return true;
  }

  clear(): void {
    this.#byToken.clear();
    this.#byPath.clear();
    this.#soonest = Number.POSITIVE_INFINITY;
  }

  /** Removes the locks that have expired. @returns their tokens */
  expire(now: number): string[] {
    const expired = [...this.all].filter(({ expires }) => expires <= now).map(({ token }) => token);
    for (const token of expired) this.delete(token);
    this.#soonest = Math.min(Number.POSITIVE_INFINITY, ...[...this.all].map(({ expires }) => expires));
    return expired;
  }

  /** The locks that were made at a path. */
  at(path: string): readonly Lock[] {
    return this.#byPath.get(path) ?? [];
  }

  /** The locks of a path: those made at it, and those of folders above it with everything below. */
  covering(path: string): Lock[] {
    const found = [...this.at(path)];
    for (const above of foldersAbove(path))
      found.push(...this.at(above).filter(({ depth }) => depth === "infinity"));
    return found;
  }

  /** The locks made at a path or below it. */
  within(path: string): Lock[] {
    return [...this.all].filter((lock) => isWithin(lock.path, path));
  }
}

/** Every folder above a path, the nearest first. */
export function* foldersAbove(path: string): Generator<string, void, void> {
  let above = path;
  while (above !== ROOT) {
    above = parentOf(above);
    yield above;
  }
}
