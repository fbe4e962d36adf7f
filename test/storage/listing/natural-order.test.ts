// The natural order of names: equal to that of the collator, and a consistent total order.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { comparePlain, isPlain, naturalOrder } from "../../../src/storage/listing/natural-order.ts";

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "variant" });

const plain = fc.string({ unit: fc.constantFrom(..."aAbBzZ0012389 ._-~(!$'"), maxLength: 12 });
const ascii = fc.string({ unit: "grapheme-ascii", maxLength: 12 });
const any = fc.oneof(plain, ascii, fc.string({ unit: "grapheme", maxLength: 8 }));

test("numbers in names are compared by value", () => {
  const sorted = ["a", "A", "ä.txt", "b", "file 1", "file 2", "file 02", "file 10", "file 10b", "File 11"];
  expect(sorted.toReversed().sort(naturalOrder)).toEqual([
    "a",
    "A",
    "ä.txt",
    "b",
    "file 1",
    "file 02",
    "file 2",
    "file 10",
    "file 10b",
    "File 11",
  ]);
});

describe("plain names", () => {
  test.each([
    ["letters and digits", plain],
    ["all of ASCII", ascii],
  ] as const)("are ordered as the collator orders them: %s", (_name, names) => {
    fc.assert(
      fc.property(names, names, (a, b) => {
        const said = collator.compare(a, b);
        const found = Math.sign(naturalOrder(a, b));
        expect(found).toBe(said === 0 ? Math.sign(a < b ? -1 : a > b ? 1 : 0) : said);
      }),
      { numRuns: 20_000 },
    );
  });

  test("can be slices of a text", () => {
    fc.assert(
      fc.property(plain, plain, plain, (before, a, b) => {
        const text = `${before}${a}/${b}`;
        const start = before.length + a.length + 1;
        const within = comparePlain(text, before.length, start - 1, text, start, text.length);
        expect(Math.sign(within)).toBe(Math.sign(naturalOrder(a, b)));
      }),
    );
  });

  test("numbers may have any length", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 253n }),
        fc.bigInt({ min: 0n, max: 10n ** 253n }),
        (a, b) => {
          expect(Math.sign(naturalOrder(`${a}`, `${b}`))).toBe(a < b ? -1 : a > b ? 1 : 0);
        },
      ),
    );
  });
});

test("the comparison is a total order for any names", () => {
  fc.assert(
    fc.property(any, any, any, (a, b, c) => {
      expect(Math.sign(naturalOrder(a, b))).toBe(0 - Math.sign(naturalOrder(b, a)));
      expect(naturalOrder(a, b) === 0).toBe(a === b);
      if (naturalOrder(a, b) <= 0 && naturalOrder(b, c) <= 0)
        expect(naturalOrder(a, c)).toBeLessThanOrEqual(0);
    }),
    { numRuns: 20_000 },
  );
});

test("plain names are recognised", () => {
  expect([isPlain(""), isPlain("a b~"), isPlain("ä"), isPlain("\t"), isPlain("1".repeat(255))]).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});
