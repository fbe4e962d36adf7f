// Numbered names: the number precedes the extension, names stay valid, and the next free number is found quickly.

import { describe, expect, test } from "bun:test";
import { nextNumber, numbered } from "../../../src/core/naming/numbered-name.ts";
import { checkFilePath, type FilePath, MAX_SEGMENT_BYTES, nameOf } from "../../../src/path.ts";

const number = (path: string, value = 1): string => numbered(checkFilePath(path), value);

describe("numbered", () => {
  test.each([
    ["a.jpg", "a (1).jpg"],
    ["archive.tar.gz", "archive (1).tar.gz"],
    ["archive.TAR.Zst", "archive (1).TAR.Zst"],
    ["notes", "notes (1)"],
    ["v1.2.tar", "v1.2 (1).tar"],
    [".env", ".env (1)"],
    [".tar.gz", ".tar.gz (1)"],
    ["a (1).jpg", "a (1) (1).jpg"],
    ["a .jpg", "a (1).jpg"],
    ["photos.2026/a.jpg", "photos.2026/a (1).jpg"],
    ["photos.2026/a", "photos.2026/a (1)"],
  ])("%s is followed by %s", (path, expected) => {
    expect(number(path)).toBe(expected);
  });

  test("a name of 255 bytes is shortened between characters and keeps its length limit", () => {
    const long = `${"é".repeat(125)}x.jpg`;
    expect(Buffer.byteLength(long)).toBe(MAX_SEGMENT_BYTES);
    expect(number(long, 12)).toBe(`${"é".repeat(123)} (12).jpg`);
    const faces = `${"😀".repeat(63)}.j`;
    expect(Buffer.byteLength(faces)).toBe(254);
    expect(number(faces)).toBe(`${"😀".repeat(62)} (1).j`);
  });

  test("a name without extension is shortened at its end", () => {
    expect(number("x".repeat(255), 100)).toBe(`${"x".repeat(249)} (100)`);
  });

  test("a suffix that is most of the name is not treated as an extension", () => {
    const name = nameOf(numbered(checkFilePath(`a.${"x".repeat(253)}`), 1_000_000));
    expect(name).toBe(`a.${"x".repeat(243)} (1000000)`);
  });
});

describe("nextNumber", () => {
  const path = checkFilePath("a.jpg");

  /** Finds the next number after files 1 to `count`, and counts the lookups. */
  async function findNext(count: number) {
    let lookups = 0;
    const names = new Set<FilePath>(Array.from({ length: count }, (_, index) => numbered(path, index + 1)));
    const next = await nextNumber(path, async (name) => {
      lookups += 1;
      return names.has(name);
    });
    return { next, lookups };
  }

  test.each([0, 1, 2, 3, 4, 7, 8, 9, 1000])("after %i files the next number is used", async (count) => {
    expect((await findNext(count)).next).toBe(count + 1);
  });

  test("a thousand files require about twenty lookups", async () => {
    expect((await findNext(1000)).lookups).toBeLessThanOrEqual(20);
  });

  test("a gap may be filled, but a taken number is never returned", async () => {
    const taken = new Set([1, 2, 3, 5, 6].map((value) => numbered(path, value)));
    const next = await nextNumber(path, async (name) => taken.has(name));
    expect(taken.has(numbered(path, next))).toBe(false);
  });

  test("ends even when all numbers are taken", async () => {
    expect(await nextNumber(path, async () => true)).toBeGreaterThan(1_000_000);
  });
});
