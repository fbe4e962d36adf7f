// Available names: numbers go before the extension, names stay allowed, and the next free number is found quickly.

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

  test("a name of 255 bytes stays one, cut between characters", () => {
    const long = `${"é".repeat(125)}x.jpg`;
    expect(Buffer.byteLength(long)).toBe(MAX_SEGMENT_BYTES);
    expect(number(long, 12)).toBe(`${"é".repeat(123)} (12).jpg`);
    const faces = `${"😀".repeat(63)}.j`;
    expect(Buffer.byteLength(faces)).toBe(254);
    expect(number(faces)).toBe(`${"😀".repeat(62)} (1).j`);
  });

  test("a name without extension is cut at its end", () => {
    expect(number("x".repeat(255), 100)).toBe(`${"x".repeat(249)} (100)`);
  });

  test("what follows the last dot is no extension when it is most of the name", () => {
    const name = nameOf(numbered(checkFilePath(`a.${"x".repeat(253)}`), 1_000_000));
    expect(name).toBe(`a.${"x".repeat(243)} (1000000)`);
  });
});

describe("nextNumber", () => {
  const path = checkFilePath("a.jpg");

  /** Looks among files 1 to `count`, and counts the looks. */
  async function look(count: number) {
    let looks = 0;
    const names = new Set<FilePath>(Array.from({ length: count }, (_, index) => numbered(path, index + 1)));
    const next = await nextNumber(path, async (name) => {
      looks += 1;
      return names.has(name);
    });
    return { next, looks };
  }

  test.each([0, 1, 2, 3, 4, 7, 8, 9, 1000])("after %i files comes the one after", async (count) => {
    expect((await look(count)).next).toBe(count + 1);
  });

  test("a thousand files cost some twenty looks", async () => {
    expect((await look(1000)).looks).toBeLessThanOrEqual(20);
  });

  test("a gap may be filled, a taken number is never given", async () => {
    const taken = new Set([1, 2, 3, 5, 6].map((value) => numbered(path, value)));
    const next = await nextNumber(path, async (name) => taken.has(name));
    expect(taken.has(numbered(path, next))).toBe(false);
  });

  test("ends even when everything is taken", async () => {
    expect(await nextNumber(path, async () => true)).toBeGreaterThan(1_000_000);
  });
});
