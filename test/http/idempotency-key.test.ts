// Idempotency-Key: a string, with or without its quotes.

import { describe, expect, test } from "bun:test";
import { idempotencyKey } from "../../src/http/idempotency-key.ts";

const keyOf = (value?: string) =>
  idempotencyKey(new Headers(value === undefined ? {} : { "idempotency-key": value }));

describe("Idempotency-Key", () => {
  test.each([
    [undefined, undefined],
    ['"8e03978e-40d5"', "8e03978e-40d5"],
    ["8e03978e-40d5", "8e03978e-40d5"],
    ['"a b, \\"c\\""', 'a b, "c"'],
    ['"a";version=1', "a"],
    ["SGVsbG8=", "SGVsbG8="],
    ["17", "17"],
    [`"${"k".repeat(255)}"`, "k".repeat(255)],
  ])("%j is the key %j", (header, key) => {
    expect(keyOf(header)).toBe(key);
  });

  test.each(["", '""', '"open', "a b", "a, b", "?0;a", "(a)", "k".repeat(256), `"${"k".repeat(256)}"`])(
    "%j is refused",
    (header) => {
      expect(() => keyOf(header)).toThrow(expect.objectContaining({ code: "invalid_request" }));
    },
  );
});
