// Bytes, rates and times as people read them: in the log, in messages, and in sluice top and doctor.

import { describe, expect, test } from "bun:test";
import { formatBytes, formatCount, formatRate, formatTime } from "../src/units.ts";

describe("bytes", () => {
  test.each([
    [0, "0 B"],
    [6, "6 B"],
    [999, "999 B"],
    [1000, "1 kB"],
    [1024, "1.02 kB"],
    [29_999_000, "30 MB"],
    [30_000_000, "30 MB"],
    [102_400, "102 kB"],
    [999_499, "999 kB"],
    [999_500, "1 MB"],
    [1_073_741_824, "1.07 GB"],
    [2e13, "20 TB"],
    [2e19, "20000 PB"],
    [Number.POSITIVE_INFINITY, "0 B"],
    [Number.NaN, "0 B"],
  ])("%d is %s", (bytes, expected) => {
    expect(formatBytes(bytes)).toBe(expected);
  });

  test("per second", () => {
    expect(formatRate(23_412_000)).toBe("23.4 MB/s");
  });
});

describe("seconds", () => {
  test.each([
    [0, "0 ms"],
    [0.0001, "1 ms"],
    [0.012, "12 ms"],
    [0.9999, "1 s"],
    [1.25, "1.3 s"],
    [2, "2 s"],
    [9.96, "10 s"],
    [59.4, "59 s"],
    [60, "1 min"],
    [200, "3 min 20 s"],
    [7500, "2 h 5 min"],
    [86_400, "24 h"],
    [350_000, "4 d"],
  ])("%d is %s", (seconds, expected) => {
    expect(formatTime(seconds)).toBe(expected);
  });
});

test("one thing has no plural", () => {
  expect([0, 1, 2].map((number) => formatCount(number, "file"))).toEqual(["0 files", "1 file", "2 files"]);
});
