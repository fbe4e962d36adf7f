// The sort cache: entries are valid only for an unchanged folder, and their total size is bounded.

import { expect, test } from "bun:test";
import { type BigIntStats, statSync } from "node:fs";
import { PackedNames } from "../../../../src/storage/disk/list/packed-names.ts";
import { type Question, SortCache } from "../../../../src/storage/disk/list/sort-cache.ts";
import { SortedNames } from "../../../../src/storage/disk/list/sorted-names.ts";
import type { PageQuery } from "../../../../src/storage/listing/paging.ts";

const QUERY: PageQuery = { sort: "name", order: "asc", foldersFirst: false, hidden: false, limit: 1 };
const NOW = new Date("2026-01-01T00:00:00Z");
const OTHERS = statSync(import.meta.dir, { bigint: true });

const orderOf = (count: number, length = 8): SortedNames =>
  new SortedNames(
    new PackedNames(Array.from({ length: count }, (_, index) => `${index}`.padStart(length, "n"))),
  );

/** A folder that changed this many milliseconds ago. */
function question(age: number, query: Partial<PageQuery> = {}, folder = "a"): Question {
  const changed = BigInt(NOW.getTime() - age);
  const stat: BigIntStats = Object.assign(Object.create(OTHERS), {
    ino: 7n,
    dev: 1n,
    mtimeMs: changed,
    ctimeMs: changed,
    mtimeNs: changed * 1_000_000n,
    ctimeNs: changed * 1_000_000n,
  });
  return { folder, stat, query: { ...QUERY, ...query } };
}

test("an order is cached for an unchanged folder and the same sort key", () => {
  const cache = new SortCache();
  const order = orderOf(5000);
  cache.add(question(5000), order, NOW);
  expect(cache.find(question(5000))).toBe(order);
  expect(cache.find(question(5000, { order: "desc", hidden: true, limit: 9 }))).toBe(order);
  expect(cache.find(question(5000, { sort: "kind" }))).toBeUndefined();
  expect(cache.find(question(5000, { foldersFirst: true }))).toBeUndefined();
  expect(cache.find(question(5000, {}, "b"))).toBeUndefined();
  // A change of one nanosecond invalidates it.
  const changed = question(5000);
  changed.stat.mtimeNs += 1n;
  expect(cache.find(changed)).toBeUndefined();
  expect(cache.find(question(5000))).toBeUndefined();
});

test("a folder that changed just now is not cached: another change could have the same timestamp", () => {
  for (const age of [2400, 0, -60_000]) {
    const cache = new SortCache();
    cache.add(question(age), orderOf(5000), NOW);
    expect(cache.find(question(age))).toBeUndefined();
  }
});

test("small folders are not cached", () => {
  const cache = new SortCache();
  cache.add(question(5000), orderOf(100), NOW);
  expect(cache.find(question(5000))).toBeUndefined();
});

test("the size is bounded: the least recently used order is removed first", () => {
  const cache = new SortCache();
  const orders = Array.from({ length: 8 }, () => orderOf(40_000, 100));
  for (const [index, order] of orders.entries()) {
    cache.add(question(5000, {}, `${index}`), order, NOW);
    expect(cache.find(question(5000, {}, "0"))).toBe(orders[0]);
  }
  const left = orders.map((_, index) => cache.find(question(5000, {}, `${index}`)) !== undefined);
  expect(left.at(-1)).toBe(true);
  expect(left.slice(1, 3)).toEqual([false, false]);
  const bytes = orders.reduce((sum, order, index) => sum + (left[index] ? order.bytes : 0), 0);
  expect(bytes).toBeLessThanOrEqual(48 * 2 ** 20);
  // An order larger than the limit is not cached.
  cache.add(question(5000, {}, "huge"), orderOf(600_000, 100), NOW);
  expect(cache.find(question(5000, {}, "huge"))).toBeUndefined();
});
