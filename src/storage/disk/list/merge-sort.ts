// Sorts a million items in time slices, so that other requests are served in between.

import { TimeSlice } from "../../../system/time-slice.ts";

/** Milliseconds of work on a listing before it yields to the event loop. */
export const SLICE_MS = 8;
// Items sorted without yielding: about 3 ms.
const RUN_LENGTH = 4096;

/** Merge sort. Overwrites the array, and may return a different one. */
export async function mergeSort(
  numbers: Uint32Array<ArrayBuffer>,
  compare: (a: number, b: number) => number,
): Promise<Uint32Array<ArrayBuffer>> {
  const slice = new TimeSlice(SLICE_MS);
  for (let start = 0; start < numbers.length; start += RUN_LENGTH) {
    numbers.subarray(start, start + RUN_LENGTH).sort(compare);
    if (slice.expired) await slice.yield();
  }
  let from = numbers;
  let into = new Uint32Array(numbers.length > RUN_LENGTH ? numbers.length : 0);
  for (let width = RUN_LENGTH; width < numbers.length; width *= 2) {
    for (let start = 0; start < numbers.length; start += 2 * width) {
      const ends = [start + width, start + 2 * width].map((end) => Math.min(end, numbers.length));
      await merge(from, into, start, ends[0] ?? 0, ends[1] ?? 0, compare, slice);
    }
    [from, into] = [into, from];
  }
  return from;
}

async function merge(
  from: Uint32Array,
  into: Uint32Array,
  start: number,
  middle: number,
  end: number,
  compare: (a: number, b: number) => number,
  slice: TimeSlice,
): Promise<void> {
  let left = start;
  let right = middle;
  for (let at = start; at < end; at += 1) {
    if (at % 1024 === 0 && slice.expired) await slice.yield();
    const first = from[left] ?? 0;
    const second = from[right] ?? 0;
    if (right >= end || (left < middle && compare(first, second) <= 0)) {
      into[at] = first;
      left += 1;
    } else {
      into[at] = second;
      right += 1;
    }
  }
}
