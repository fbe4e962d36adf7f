// One sort order of a folder. The first page uses partial selection; the full sort runs only when a later page is requested.

import { TimeSlice } from "../../../system/time-slice.ts";
import { naturalOrder } from "../../listing/natural-order.ts";
import { compareKeys, type PageKey, type PageQuery } from "../../listing/paging.ts";
import { mergeSort, SLICE_MS } from "./merge-sort.ts";
import type { PackedNames } from "./packed-names.ts";

/** Sort keys that precede the name. */
export interface SortKeys {
  /** One per name: 0 for names that come first in both directions. */
  groups?: Uint8Array | undefined;
  /** One per name. */
  keys?: Float64Array | undefined;
  /** If present, keys are indexes into these sorted texts. */
  texts?: readonly string[];
}

/** Yields indexes of `names` in order. */
export class SortedNames {
  #sorted: Uint32Array<ArrayBuffer> | undefined;
  #sorting: Promise<Uint32Array<ArrayBuffer>> | undefined;
  /** Selected first pages, until the full sort. */
  readonly #firstPages = new Map<string, Uint32Array>();

  constructor(
    readonly names: PackedNames,
    readonly by: SortKeys = {},
  ) {}

  /** Approximate bytes of memory after the full sort. */
  get bytes(): number {
    return this.names.bytes + this.names.length * (4 + (this.by.groups ? 1 : 0) + (this.by.keys ? 8 : 0));
  }

  /** Every index after a position, in order. */
  async *from({ order, hidden, after, limit }: PageQuery): AsyncGenerator<number, void, void> {
    let afterKey = after;
    if (!this.#sorted && !after && limit < this.names.length / SELECT_FRACTION) {
      const head = await this.#first(limit + 1, order, hidden);
      yield* head;
      const last = head.at(-1);
      if (last === undefined || head.length <= limit) return;
      afterKey = this.pageKeyAt(last);
    }
    const sorted = await this.#sort();
    for (const [start, end] of this.#ranges(sorted)) {
      const [low, high] = afterKey ? this.#cut(sorted, start, end, afterKey, order) : [start, end];
      for (let at = low; at < high; at += 1) {
        const index = sorted[order === "asc" ? at : high - 1 - (at - low)] ?? 0;
        if (hidden || !this.names.isHidden(index)) yield index;
      }
    }
  }

  /** The position of a name, as of reading the folder. */
  pageKeyAt(index: number): PageKey {
    const key = this.by.keys?.[index] ?? 0;
    return [
      this.by.groups?.[index] ?? 0,
      this.by.texts ? (this.by.texts[key] ?? "") : key,
      this.names.at(index),
    ];
  }

  /** Selects the first `count` indexes in one pass, without sorting the others. */
  async #first(count: number, order: PageQuery["order"], hidden: boolean): Promise<Uint32Array> {
    const which = `${count} ${order} ${hidden}`;
    const known = this.#firstPages.get(which);
    if (known) return known;
    const sign = order === "asc" ? 1 : -1;
    const compare = (a: number, b: number): number => this.#compareGroups(a, b) || sign * this.#compare(a, b);
    const slice = new TimeSlice(SLICE_MS);
    let first: number[] = [];
    // Names after this one are not among the first.
    let bound: number | undefined;
    for (let index = 0; index < this.names.length; index += 1) {
      if (index % 1024 === 0 && slice.expired) await slice.yield();
      if (!hidden && this.names.isHidden(index)) continue;
      if (bound !== undefined && compare(index, bound) > 0) continue;
      first.push(index);
      if (first.length < 2 * count) continue;
      first = first.sort(compare).slice(0, count);
      bound = first.at(-1);
    }
    const found = new Uint32Array(first.sort(compare).slice(0, count));
    if (this.#firstPages.size >= MAX_FIRST_PAGES) this.#firstPages.clear();
    this.#firstPages.set(which, found);
    return found;
  }

  async #sort(): Promise<Uint32Array<ArrayBuffer>> {
    if (this.#sorted) return this.#sorted;
    const indexes = new Uint32Array(this.names.length).map((_, index) => index);
    const compare = (a: number, b: number): number => this.#compareGroups(a, b) || this.#compare(a, b);
    this.#sorting ??= mergeSort(indexes, compare);
    this.#sorted = await this.#sorting;
    this.#firstPages.clear();
    return this.#sorted;
  }

  #compareGroups(a: number, b: number): number {
    const { groups } = this.by;
    return groups ? (groups[a] ?? 0) - (groups[b] ?? 0) : 0;
  }

  #compare(a: number, b: number): number {
    const { keys } = this.by;
    return (keys ? (keys[a] ?? 0) - (keys[b] ?? 0) : 0) || this.names.compare(a, b);
  }

  /** Bounds of each group; groups are reversed individually. */
  #ranges(sorted: Uint32Array): [start: number, end: number][] {
    const { groups } = this.by;
    if (!groups) return [[0, sorted.length]];
    const border = lowest(0, sorted.length, (at) => (groups[sorted[at] ?? 0] ?? 0) > 0);
    return [
      [0, border],
      [border, sorted.length],
    ];
  }

  /** The part of a group after a position. */
  #cut(
    sorted: Uint32Array,
    start: number,
    end: number,
    position: PageKey,
    order: PageQuery["order"],
  ): [start: number, end: number] {
    const against = (at: number): number => {
      const [group, key, name] = this.pageKeyAt(sorted[at] ?? 0);
      const byGroup = group - position[0];
      if (byGroup !== 0) return order === "asc" ? byGroup : -byGroup;
      return compareKeys(key, position[1]) || naturalOrder(name, position[2]);
    };
    if (order === "asc") return [lowest(start, end, (at) => against(at) > 0), end];
    return [start, lowest(start, end, (at) => against(at) >= 0)];
  }
}

/** A page shorter than this fraction (1/4) of the folder is selected without sorting the folder. */
const SELECT_FRACTION = 4;
/** Maximum number of cached first pages. */
const MAX_FIRST_PAGES = 8;

/** Binary search: the first number from `start` for which a monotonic condition is true, `end` if there is none. */
function lowest(start: number, end: number, isTrue: (at: number) => boolean): number {
  let low = start;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isTrue(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
