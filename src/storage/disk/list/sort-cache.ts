// Orders of large folders, kept for the next page: only while nothing has changed, and only so many bytes of them.

import type { BigIntStats } from "node:fs";
import type { PageQuery } from "../../paging.ts";
import type { SortedNames } from "./sorted-names.ts";

/** Bytes of all that is kept. */
const MOST_BYTES = 48 * 2 ** 20;
/** A folder with fewer names is read again as quickly. */
const FEWEST_NAMES = 2000;
/**
 * Milliseconds a folder has not changed before it is read: the time of a change is as coarse as a tick of the system, on
 * some file systems two seconds, and a second change within it would not be seen.
 */
const SETTLED = 2500;
/** Milliseconds an order by size or time is used: a file can change without its folder. */
const FRESH = 3000;
/** The same for whoever reads on: pages should come from one order. */
const FRESH_ENOUGH = 60_000;

interface Kept {
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
  readonly #kept = new Map<string, Kept>();

  /** The order as it was kept, if it still is the order. */
  find(question: Question): SortedNames | undefined {
    const key = keyOf(question);
    const kept = this.#kept.get(key);
    if (!kept) return undefined;
    this.#kept.delete(key);
    const { sort, after } = question.query;
    const longest =
      sort === "name" || sort === "kind" ? Number.POSITIVE_INFINITY : after ? FRESH_ENOUGH : FRESH;
    if (kept.stamp !== stampOf(question.stat) || performance.now() - kept.made > longest) return undefined;
    this.#kept.set(key, kept);
    return kept.order;
  }

  /** Keeps an order for a while. @param began when the folder was read, after `question.stat` was asked for */
  keep(question: Question, order: SortedNames, began: Date): void {
    const { mtimeMs, ctimeMs } = question.stat;
    const changed = Math.max(Number(mtimeMs), Number(ctimeMs));
    if (order.names.length < FEWEST_NAMES || began.getTime() - changed < SETTLED) return;
    this.#kept.set(keyOf(question), { stamp: stampOf(question.stat), made: performance.now(), order });
    let bytes = this.#kept.values().reduce((sum, kept) => sum + kept.order.bytes, 0);
    for (const [key, kept] of this.#kept) {
      if (bytes <= MOST_BYTES) return;
      this.#kept.delete(key);
      bytes -= kept.order.bytes;
    }
  }
}

const keyOf = ({ folder, stat, query }: Question): string =>
  `${stat.dev} ${stat.ino} ${query.sort} ${query.foldersFirst} ${folder}`;
const stampOf = ({ mtimeNs, ctimeNs }: BigIntStats): string => `${mtimeNs} ${ctimeNs}`;
