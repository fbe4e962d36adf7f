// Free bytes and inodes, compared with --keep-free.

import { describe, expect, test } from "bun:test";
import { freeInodes, freeSpace } from "../../../src/doctor/disk/space.ts";

const GIB = 2 ** 30;
const disk = (free: number, total = 100 * GIB) => ({ free, total, freeInodes: 1e6, inodes: 2e6 });

describe("freeSpace", () => {
  test.each([
    [50 * GIB, "ok"],
    [6.1 * GIB, "ok"],
    [5.9 * GIB, "warning"],
    [GIB + 1, "warning"],
    [GIB, "problem"],
    [0, "problem"],
  ] as const)("%d bytes free with --keep-free 1GiB: %s", (free, verdict) => {
    expect(freeSpace(disk(free), GIB).verdict).toBe(verdict);
  });

  test("names the flag and the status of refused uploads", () => {
    const { reason, advice } = freeSpace(disk(0), GIB);
    expect(reason).toContain("507 storage_full");
    expect(advice).toContain("--keep-free");
  });
});

test.each([
  [{ inodes: 0, freeInodes: 0 }, "ok"],
  [{ inodes: 1_000_000, freeInodes: 900_000 }, "ok"],
  [{ inodes: 1_000_000, freeInodes: 40_000 }, "warning"],
  [{ inodes: 5000, freeInodes: 900 }, "warning"],
  [{ inodes: 1_000_000, freeInodes: 2 }, "problem"],
] as const)("freeInodes %j: %s", (inodes, verdict) => {
  expect(freeInodes({ ...disk(1), ...inodes }).verdict).toBe(verdict);
});
