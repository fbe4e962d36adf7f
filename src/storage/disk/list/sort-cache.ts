// Caches the order of large folders for the next page, until the folder changes, within a memory limit.

import type { BigIntStats } from "node:fs";
import type { PageQuery } from "../../listing/paging.ts";
import type { SortedNames } from "./sorted-names.ts";

/** Bytes of all cached orders. */
const MAX_BYTES = 48 * 2 ** 20;
/** Smaller folders are not cached: reading them again is as fast. */
const MIN_NAMES = 2000;
/**
 * Milliseconds since the last change before an order is cached: timestamps have a resolution of a kernel tick, on some
 * file systems two seconds, and would hide a second change within it.
 */
const UNCHANGED_FOR = 2500;
/** Milliseconds an order by size or time is valid: files change without changing their folder. */
const FRESH = 3000;
/** The same for later pages, which should come from the same order as the first. */
const FRESH_WHILE_PAGING = 60_000;

interface CachedOrder {
  stamp: string;
  made: number;
  order: SortedNames;
}

/** The requested order, and the identity of the folder. */
export interface Question {
  folder: string;
  stat: BigIntStats;
  query: PageQuery;
}

export class SortCache {
  /** By question; least recently used first. */
  readonly #cached = new Map<string, CachedOrder>();

  /** The cached order, if it is still valid. */
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

  /** Caches an order. @param began when reading the folder started, after `question.stat` was taken */
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
