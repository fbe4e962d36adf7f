// The bytes of a file that a Range header selects.

import { describe, expect, test } from "bun:test";
import { MAX_RANGES, type Range, type Selection, select } from "../../../src/http/ranges/range.ts";

/** Parses `0-4 7-9` as ranges. */
const ranges = (text: string): Range[] =>
  text.split(" ").map((range) => {
    const [first = "", last = ""] = range.split("-");
    return { first: Number(first), last: Number(last) };
  });

describe("of a file with ten bytes", () => {
  test.each([
    ["bytes=0-4", "0-4"],
    ["bytes=9-", "9-9"],
    ["bytes=0-", "0-9"],
    ["bytes=5-99", "5-9"],
    ["bytes=-1", "9-9"],
    ["bytes=-99", "0-9"],
    ["BYTES=3-3", "3-3"],
    ["bytes = 2 - 3", "2-3"],
    [`bytes=3-${"9".repeat(400)}`, "3-9"],
    ["bytes=0-1,3-4", "0-1 3-4"],
    ["bytes=8-9 , 0-1,,4-4", "8-9 0-1 4-4"],
    ["bytes=0-0,-1", "0-0 9-9"],
    ["bytes=3-4,20-30", "3-4"],
    ["bytes=,1-2,", "1-2"],
  ])("%s selects %s", (range, selected) => {
    expect<unknown>(select(range, 10)).toEqual(ranges(selected));
  });

  test.each([
    "bytes=10-",
    "bytes=11-20",
    "bytes=-0",
    "BYTES=20-",
    "bytes = 20 - 30",
    "bytes=20-30,40-50,-0",
    "bytes=20-10",
    `bytes=${"9".repeat(30)}-`,
    `bytes=${Array.from({ length: 500 }, () => "20-30").join(",")}`,
  ])("%s has nothing", (range) => expect(select(range, 10)).toBe("nothing"));

  test.each([
    "",
    "bytes",
    "bytes=",
    "bytes=,",
    "bytes=-",
    "bytes=5-2",
    "bytes=0-1,5-2",
    "bytes=0-1,x",
    "lines=20-",
    "bytes=20-x",
    "bytes=0x1-",
    "bytes=1.5-2",
    "bytes=--1",
    "bytes=+1-2",
    "bytes=1-2-3",
    "bytes=0-1, bytes=2-3",
  ])("%j is no range, so it selects all", (range) => expect(select(range, 10)).toBe("whole"));

  test("without the header the whole file is selected", () => expect(select(null, 10)).toBe("whole"));

  test.each(["bytes=0-4,4-5", "bytes=5-6,0-9", "bytes=-9,-3", "bytes=0-,1-2"])(
    "%s overlaps, so it selects all",
    (range) => expect(select(range, 10)).toBe("whole"),
  );
});

test(`up to ${MAX_RANGES} ranges are selected, more select the whole file`, () => {
  const asked = (count: number): Selection =>
    select(`bytes=${Array.from({ length: count }, (_, index) => `${2 * index}-${2 * index}`)}`, 1000);
  expect(asked(MAX_RANGES)).toHaveLength(MAX_RANGES);
  expect(asked(MAX_RANGES + 1)).toBe("whole");
});

test("every range of an empty file selects the whole file", () => {
  for (const range of ["bytes=0-", "bytes=-5", "bytes=-0", "bytes=3-4"])
    expect(select(range, 0)).toBe("whole");
});
