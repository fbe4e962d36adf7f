// What a folder takes: what counts, who shares a count, and when it ends.

import { expect, test } from "bun:test";
import { link, symlink } from "node:fs/promises";
import { FolderSizes } from "../../../src/core/browse/usage.ts";
import { ROOT } from "../../../src/path.ts";
import type { Entry } from "../../../src/storage/entry.ts";
import { MemoryStorage } from "../../../src/storage/memory/memory.ts";
import { TemporaryRoot } from "../../storage/disk/temporary-root.ts";
import { codeOf, file, folder, put } from "../../storage/driving.ts";

const NOBODY = new AbortController().signal;

test("sizes of files, hidden ones too; links and the server's own folder do not count", async () => {
  await using root = await TemporaryRoot.make();
  const storage = await root.open();
  for (const [path, size] of [
    ["a", 10],
    ["b/c", 200],
    ["b/.d/e", 3000],
  ] as const)
    await put(storage, path, "x".repeat(size));
  await symlink("b", root.in("link"));
  await symlink("a", root.in("second"));
  const usages = new FolderSizes(storage);
  expect(await usages.of(ROOT, NOBODY)).toEqual({ bytes: 3210, files: 3, folders: 2 });
  expect(await usages.of(folder("b"), NOBODY)).toEqual({ bytes: 3200, files: 2, folders: 1 });
  // A file with two names counts twice.
  await link(root.in("a"), root.in("b", "a"));
  expect(await usages.of(ROOT, NOBODY)).toEqual({ bytes: 3220, files: 4, folders: 2 });
  expect(await codeOf(usages.of(folder("a"), NOBODY))).toBe("not_a_folder");
  expect(await codeOf(usages.of(folder("none"), NOBODY))).toBe("not_found");
  expect(usages.running).toBe(0);
});

/** A storage whose folders are looked at when the test says so. */
class Held extends MemoryStorage {
  scans = 0;
  left = 0;
  readonly go = Promise.withResolvers<void>();
  override async *scan(): AsyncGenerator<Entry[], void, void> {
    this.scans += 1;
    try {
      for (let number = 0; number < 3; number += 1) {
        const path = file(`${number}`);
        yield [{ kind: "file", path, size: 1, modified: new Date(0), etag: '""' }];
        await this.go.promise;
      }
    } finally {
      this.left += 1;
    }
  }
}

test("all who ask meanwhile share one count; the next one is counted anew", async () => {
  const storage = new Held();
  const usages = new FolderSizes(storage);
  const asked = [1, 2, 3].map(() => usages.of(ROOT, NOBODY));
  storage.go.resolve();
  for (const usage of await Promise.all(asked)) expect(usage).toEqual({ bytes: 3, files: 3, folders: 0 });
  expect(storage.scans).toBe(1);
  await usages.of(ROOT, NOBODY);
  expect(storage.scans).toBe(2);
});

test("a count ends when the last one has gone, not before", async () => {
  const storage = new Held();
  const usages = new FolderSizes(storage);
  const [first, second] = [new AbortController(), new AbortController()];
  const reason = new Error("gone");
  const asked = [first, second].map(({ signal }) => usages.of(ROOT, signal).catch((error: unknown) => error));
  first.abort(reason);
  expect(await asked[0]).toBe(reason);
  expect(usages.running).toBe(1);
  second.abort(reason);
  expect(await asked[1]).toBe(reason);
  expect(usages.running).toBe(0);
  // What it waited for is not looked at any more.
  storage.go.resolve();
  while (storage.left === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  expect([storage.scans, storage.left]).toEqual([1, 1]);
});
