// Which entries count as just made: by whom, unchanged, and for an hour.

import { expect, test } from "bun:test";
import { FreshFiles } from "../../../src/core/naming/fresh-files.ts";
import { checkFilePath } from "../../../src/path.ts";
import type { FileEntry } from "../../../src/storage/entry.ts";

const path = checkFilePath("a/b");
const file = (etag: string): FileEntry => ({ kind: "file", path, size: 0, modified: new Date(0), etag });

test("an entry is fresh for its maker, as long as nobody else changes it, for an hour", () => {
  let now = 0;
  const fresh = new FreshFiles(() => now);
  fresh.add(path, file('"1"'), "account:1");
  expect(fresh.has(path, file('"1"'), "account:1")).toBe(true);
  expect(fresh.has(path, file('"1"'), "account:2")).toBe(false);
  expect(fresh.has(path, file('"2"'), "account:1")).toBe(false);
  now = 3600_000;
  expect(fresh.has(path, file('"1"'), "account:1")).toBe(false);
});

test("the oldest of too many entries are forgotten", () => {
  const fresh = new FreshFiles(() => 0);
  for (let number = 0; number <= 10_000; number += 1)
    fresh.add(checkFilePath(`${number}`), file('"1"'), "anyone");
  expect(fresh.has(checkFilePath("0"), file('"1"'), "anyone")).toBe(false);
  expect(fresh.has(checkFilePath("1"), file('"1"'), "anyone")).toBe(true);
});
