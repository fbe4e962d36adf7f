// Tests of the names that accounts can have.

import { expect, test } from "bun:test";
import { nameFault } from "../../src/access/account-name.ts";

test.each(["ed", "Ed", "ed@example.org", "José", "日本", "a b", "x".repeat(64), "it's"])(
  "%j is a name",
  (name) => {
    expect(nameFault(name.normalize("NFC"))).toBeUndefined();
  },
);

test.each([
  ["", "empty"],
  ["x".repeat(65), "longer"],
  ["Jose\u0301", "NFC"],
  ["a\nb", "invisible"],
  ["admin\u200b", "invisible"],
  ["\u202enimda", "invisible"],
  ["admin ", "space"],
  ["a:b", "colon"],
  ["a/b", "slash"],
  ["@team", "begins with @"],
  ["--owner", "begins with @"],
  ["anyone", "something else"],
])("%j is no name", (name, reason) => {
  expect(nameFault(name)).toContain(reason);
});
