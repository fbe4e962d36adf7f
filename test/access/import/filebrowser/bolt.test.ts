// Tests of the bbolt reader: files that Go wrote, damaged ones, and hostile ones.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BoltError, BoltFile } from "../../../../src/access/import/filebrowser/bolt.ts";
import { changed, large, PAGE, pagesOf, seal, small } from "./fixtures.ts";

/** Where a meta page names the root page. */
const META_ROOT = 32;

/** The keys of a bucket as text, without the buckets in it. */
function keysOf(bytes: Uint8Array, bucket: string): string[] {
  return [...new BoltFile(bytes).bucket(bucket)]
    .filter(({ isBucket }) => !isBucket)
    .map(({ key }) => Buffer.from(key).toString("latin1"));
}

/** Reads every entry of the buckets that filebrowser has. */
function countAll(bytes: Uint8Array): number {
  const file = new BoltFile(bytes);
  return ["config", "User", "Link"].reduce((sum, name) => sum + [...file.bucket(name)].length, 0);
}

/** The message with which a file is refused. */
function refusal(bytes: Uint8Array): string {
  try {
    return `${countAll(bytes)} entries`;
  } catch (error) {
    if (error instanceof BoltError) return error.message;
    throw error;
  }
}

describe("a file that bbolt wrote", () => {
  test("with one page for a bucket is read in the order of its keys", () => {
    expect(keysOf(small, "config")).toEqual(["auther", "server", "settings", "version"]);
    expect(keysOf(small, "Link")).toEqual(["aBcDeFgH", "iJkLmNoP", "lost-one", "noshare_", "qRsTuVwX"]);
  });

  test("with branch, overflow and freed pages is read whole", () => {
    expect(pagesOf(large, 1).length).toBeGreaterThan(2);
    const users = keysOf(large, "User").map((key) => Number(Buffer.from(key, "latin1").readBigUInt64BE()));
    const expected = Array.from({ length: 700 }, (_, index) => index + 1);
    expect(users).toEqual(expected.filter((id) => id > 300 || id % 3 !== 1));
    const hashes = Array.from({ length: 500 }, (_, index) => `hash${String(index).padStart(5, "0")}`);
    expect(keysOf(large, "Link")).toEqual(hashes);
    const sizes = [...new BoltFile(large).bucket("User")].map(({ value }) => value.length);
    expect(Math.max(...sizes)).toBeGreaterThan(4 * PAGE);
  });

  test("has no entries in a bucket that does not exist", () => {
    expect(keysOf(small, "Nobody")).toEqual([]);
  });

  test("is read by its other meta page when one is half written", () => {
    for (const page of [0, 1]) {
      const torn = changed(small, (_, bytes) => bytes.fill(0xff, page * PAGE + 40, page * PAGE + 60));
      expect(keysOf(torn, "config")).toContain("settings");
    }
  });
});

describe("a damaged file", () => {
  test.each([
    ["an empty file", new Uint8Array()],
    ["text", new Uint8Array(Buffer.from("SQLite format 3\0".repeat(10_000)))],
    ["a file without meta pages", changed(small, (_, bytes) => bytes.fill(0, 0, 2 * PAGE))],
  ])("%s is no database", (_, bytes) => {
    expect(refusal(bytes)).toContain("is not a bbolt database");
  });

  test("cut short ends with an error", () => {
    expect(refusal(large.slice(0, large.length / 4))).toContain("damaged");
  });

  test.each(["0", "1", "1099511627776", "18446744073709551615"])(
    "with the root page %s ends with an error",
    (number) => {
      const bytes = changed(small, (view) => {
        for (const page of [0, 1]) view.setBigUint64(page * PAGE + META_ROOT, BigInt(number), true);
        seal(view);
      });
      expect(refusal(bytes)).toContain("does not exist");
    },
  );

  test("with a cycle of pages ends with an error", () => {
    const bytes = changed(large, (view) => {
      for (const number of pagesOf(large, 1)) {
        const count = view.getUint16(number * PAGE + 10, true);
        for (let index = 0; index < count; index++)
          view.setBigUint64(number * PAGE + 16 + index * 16 + 8, BigInt(number), true);
      }
    });
    expect(refusal(bytes)).toContain("is used twice");
  });

  test("with elements that all claim the same bytes ends with an error", () => {
    const bytes = changed(large, (view) => {
      for (const number of pagesOf(large, 2))
        for (let index = 0; index < view.getUint16(number * PAGE + 10, true); index++)
          view.setUint32(number * PAGE + 16 + index * 16 + 12, PAGE / 2, true);
    });
    expect(refusal(bytes)).toContain("reaches beyond its page");
  });

  test("with a page that overflows into four billion others ends with an error", () => {
    const bytes = changed(large, (view) => {
      for (const number of pagesOf(large, 2)) view.setUint32(number * PAGE + 12, 0xffffffff, true);
    });
    expect(refusal(bytes)).toContain("reaches beyond the end");
  });
});

test("whatever bytes change, reading ends, with entries or with a BoltError", () => {
  const change = fc.record({
    at: fc.nat(),
    // The header, the elements and the numbers of other pages are at the beginning of a page.
    near: fc.boolean(),
    value: fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 1, 2, 4, 16, 255)),
  });
  let refused = 0;
  const property = fc.property(
    fc.boolean(),
    fc.array(change, { minLength: 1, maxLength: 12 }),
    (isLarge, changes) => {
      const bytes = changed(isLarge ? large : small, (view, copy) => {
        for (const { at, near, value } of changes) {
          const place = at % copy.length;
          copy[near ? place - (place % PAGE) + (place % 96) : place] = value;
        }
        seal(view);
      });
      if (!/^\d+ entries$/.test(refusal(bytes))) refused += 1;
    },
  );
  fc.assert(property, { numRuns: 300 });
  expect(refused).toBeGreaterThan(10);
});
