// The Depth header: its values, its absence, and what is said about another one.

import { expect, test } from "bun:test";
import { depthOf } from "../../../src/http/dav/depth.ts";

test("a depth is read in any case, and a method has its own default", () => {
  expect(depthOf(new Headers({ depth: " Infinity " }), ["0", "infinity"], "0")).toBe("infinity");
  expect(depthOf(new Headers(), ["0", "1"], "1")).toBe("1");
});

test.each([
  [["0"], "`Depth` may be 0 here."],
  [["0", "infinity"], "`Depth` may be 0 or infinity here."],
  [["0", "1", "infinity"], "`Depth` may be 0, 1 or infinity here."],
] as const)("another one than %j is refused with those that are allowed", (allowed, detail) => {
  expect(() => depthOf(new Headers({ depth: "7" }), allowed, "0")).toThrow(detail);
});
