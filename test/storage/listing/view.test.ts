// Views: what of a tree somebody sees.

import { expect, test } from "bun:test";
import { checkFilePath, checkFolderPath } from "../../../src/path.ts";
import { View, type ViewPoint, viewOf } from "../../../src/storage/listing/view.ts";

const view = (points: Record<string, boolean>): View =>
  new View(Object.entries(points).map(([path, shown]): ViewPoint => [checkFolderPath(path), shown]));
const seen = (one: View, ...paths: string[]): string[] =>
  paths.filter((path) => one.sees(checkFilePath(path)));

test("the nearest point counts, segment by segment (CVE-2026-35605)", () => {
  const one = view({ "": false, a: true, "a/b": false, "a/b/c": true });
  expect(seen(one, "a", "a/x", "ab", "ab/x", "a/b/x", "a/b/cd", "a/b/c/d", "x")).toEqual([
    "a",
    "a/x",
    "a/b/c/d",
  ]);
});

test("folders above a shown one are seen, but have nothing themselves", () => {
  const one = view({ "": false, "a/b/c": true });
  expect(seen(one, "a", "a/b", "a/b/c", "a/b/d", "a/c")).toEqual(["a", "a/b", "a/b/c"]);
  expect(one.has(checkFolderPath("a/b"))).toBe(false);
  expect(one.has(checkFolderPath("a/b/c/d"))).toBe(true);
});

test("equal views have the same text, which makes the view again", () => {
  const one = view({ "": false, b: true, "b/c": true, a: true });
  expect(one.text).toBe(view({ a: true, "": false, b: true, x: false }).text);
  const again = viewOf(one.text);
  expect(again && seen(again, "a/x", "b/c", "d")).toEqual(["a/x", "b/c"]);
  expect(viewOf(undefined)).toBeUndefined();
});

test("only a view that hides nothing is whole", () => {
  expect(view({ "": true, a: true }).isWhole).toBe(true);
  expect(view({ "": true, a: false }).isWhole).toBe(false);
  expect(view({ "": false }).isWhole).toBe(false);
});
