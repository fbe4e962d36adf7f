// Orders of large folders, kept for the next page: only while nothing has changed, and only so many bytes of them.

import type { BigIntStats } from "node:fs";
import type { PageQuery } from "../../paging.ts";
import type { SortedNames } from "./sorted-names.ts";

/** Bytes of all that is kept. */
const MAX_BYTES = 48 * 2 ** 20;
/** A folder with fewer names is read again as quickly. */
const MIN_NAMES = 2000;
/**
 * Milliseconds a folder has not changed before it is read: the time of a change is as coarse as a tick of the system, on
 * some file systems two seconds, and a second change within it would not be seen.
 */
const UNCHANGED_FOR = 2500;
/** Milliseconds an order by size or time is used: a file can change without its folder. */
const FRESH = 3000;
/** The same for whoever reads on: pages should come from one order. */
const FRESH_WHILE_PAGING = 60_000;

interface CachedOrder {
  stamp: string;
  made: number;
  order: SortedNames;
}

/** What is asked of a folder, and which one it is. */
export interface Question {
  folder: string;
  stat: BigIntStats;
  query: PageQuery;
}

export class SortCache {
  /** By question; the first is the one not used for the longest time. */
  readonly #cached = new Map<string, CachedOrder>();

  /** The order as it was kept, if it still is the order. */
  find(question: Question): SortedNames | undefined {
    const key = keyOf(question);
    const cached = this.#cached.get(key);
    if (!cached) return undefined;
    this.#cached.delete(key);
    const { sort, after } = question.query;
    const longest =
      sort === "name" || sort === "kind" ? Number.POSITIVE_INFINITY : after ? FRESH_WHILE_PAGING : FRESH;
    if (cached.stamp !== stampOf(question.stat) || performance.now() - cached.made > longest)
      return undefined;
    this.#cached.set(key, cached);
    return cached.order;
  }

  /** Keeps an order for a while. @param began when the folder was read, after `question.stat` was asked for */
  add(question: Question, order: SortedNames, began: Date): void {
    const { mtimeMs, ctimeMs } = question.stat;
    const changed = Math.max(Number(mtimeMs), Number(ctimeMs));
    if (order.names.length < MIN_NAMES || began.getTime() - changed < UNCHANGED_FOR) return;
    this.#cached.set(keyOf(question), { stamp: stampOf(question.stat), made: performance.now(), order });
    let bytes = this.#cached.values().reduce((sum, cached) => sum + cached.order.bytes, 0);
    for (const [key, cached] of this.#cached) {
      if (bytes <= MAX_BYTES) return;
      this.#cached.delete(key);
      bytes -= cached.order.bytes;
    }
  }
}

const keyOf = ({ folder, stat, query }: Question): string =>
  `${stat.dev} ${stat.ino} ${query.sort} ${query.foldersFirst} ${folder}`;
const stampOf = ({ mtimeNs, ctimeNs }: BigIntStats): string => `${mtimeNs} ${ctimeNs}`;
