// The names of one folder in one order: the first are selected, all are sorted only when someone reads on.

import { naturalOrder } from "../../natural-order.ts";
import { compareKeys, type PageKey, type PageQuery } from "../../paging.ts";
import { mergeSort, TimeSlice } from "./merge-sort.ts";
import type { PackedNames } from "./packed-names.ts";

/** What names are sorted by before themselves. */
export interface SortKeys {
  /** One a name: 0 for what comes first in either direction. */
  groups?: Uint8Array | undefined;
  /** One a name. */
  keys?: Float64Array | undefined;
  /** Keys are indexes of these texts, which are sorted. */
  texts?: readonly string[];
}

/** Indexes are those of the names. */
export class SortedNames {
  #sorted: Uint32Array<ArrayBuffer> | undefined;
  #sorting: Promise<Uint32Array<ArrayBuffer>> | undefined;
  /** What the first pages were, while nothing is sorted. */
  readonly #firstPages = new Map<string, Uint32Array>();

  constructor(
    readonly names: PackedNames,
    readonly by: SortKeys = {},
  ) {}

  /** Bytes of memory once it is sorted, about. */
  get bytes(): number {
    return this.names.bytes + this.names.length * (4 + (this.by.groups ? 1 : 0) + (this.by.keys ? 8 : 0));
  }

  /** Every index behind a place, in order. */
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

  /** The place of a name as it was when the folder was read. */
  pageKeyAt(index: number): PageKey {
    const key = this.by.keys?.[index] ?? 0;
    return [
      this.by.groups?.[index] ?? 0,
      this.by.texts ? (this.by.texts[key] ?? "") : key,
      this.names.at(index),
    ];
  }

  /** The first in order, selected in one pass; the others stay unsorted. */
  async #first(count: number, order: PageQuery["order"], hidden: boolean): Promise<Uint32Array> {
    const which = `${count} ${order} ${hidden}`;
    const known = this.#firstPages.get(which);
    if (known) return known;
    const sign = order === "asc" ? 1 : -1;
    const compare = (a: number, b: number): number => this.#compareGroups(a, b) || sign * this.#compare(a, b);
    const slice = new TimeSlice();
    let first: number[] = [];
    // What comes behind it is not among the first.
    let bound: number | undefined;
    for (let index = 0; index < this.names.length; index += 1) {
      if (index % 1024 === 0 && slice.over) await slice.next();
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

  /** Where each group begins and ends: each is reversed for itself. */
  #ranges(sorted: Uint32Array): [start: number, end: number][] {
    const { groups } = this.by;
    if (!groups) return [[0, sorted.length]];
    const border = lowest(0, sorted.length, (at) => (groups[sorted[at] ?? 0] ?? 0) > 0);
    return [
      [0, border],
      [border, sorted.length],
    ];
  }

  /** The part of a group that comes behind a place. */
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

/** A page that is a smaller part of a folder than one in so many is selected without sorting the folder. */
const SELECT_FRACTION = 4;
/** Orders of first pages that are remembered, while a folder is not sorted. */
const MAX_FIRST_PAGES = 8;

/** The first number from `start` on of which something is true, and of all behind it; `end` if of none. */
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
