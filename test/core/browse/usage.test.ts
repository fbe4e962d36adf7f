// Folder sizes: which entries count, how requests share a count, and when it is aborted.

import { expect, test } from "bun:test";
import { link, symlink } from "node:fs/promises";
import { FolderSizes } from "../../../src/core/browse/usage.ts";
import { ROOT } from "../../../src/path.ts";
import type { Entry } from "../../../src/storage/entry.ts";
import { Skipped, type SkippedEntries } from "../../../src/storage/listing/skipped.ts";
import { MemoryStorage } from "../../../src/storage/memory/memory.ts";
import { TemporaryRoot } from "../../storage/disk/temporary-root.ts";
import { codeOf, file, folder, put } from "../../storage/driving.ts";

const NEVER = new AbortController().signal;

test("all files count, hidden ones too; links and the server's own folder do not", async () => {
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
  expect(await usages.of(ROOT, NEVER)).toEqual({ bytes: 3210, files: 3, folders: 2 });
  expect(await usages.of(folder("b"), NEVER)).toEqual({ bytes: 3200, files: 2, folders: 1 });
  // A hard-linked file counts once per name.
  await link(root.in("a"), root.in("b", "a"));
  expect(await usages.of(ROOT, NEVER)).toEqual({ bytes: 3220, files: 4, folders: 2 });
  expect(await codeOf(usages.of(folder("a"), NEVER))).toBe("not_a_folder");
  expect(await codeOf(usages.of(folder("none"), NEVER))).toBe("not_found");
  expect(usages.running).toBe(0);
});

/** A storage whose folders are scanned when the test continues it. */
class Held extends MemoryStorage {
  scans = 0;
  left = 0;
  readonly go = Promise.withResolvers<void>();
  override async *scan(): AsyncGenerator<Entry[], SkippedEntries, void> {
    this.scans += 1;
    try {
      for (let number = 0; number < 3; number += 1) {
        const path = file(`${number}`);
        yield [{ kind: "file", path, size: 1, modified: new Date(0), etag: '""' }];
        await this.go.promise;
      }
      return new Skipped();
    } finally {
      this.left += 1;
    }
  }
}

test("concurrent requests share one count; a later request starts a new one", async () => {
  const storage = new Held();
  const usages = new FolderSizes(storage);
  const counts = [1, 2, 3].map(() => usages.of(ROOT, NEVER));
  storage.go.resolve();
  for (const usage of await Promise.all(counts)) expect(usage).toEqual({ bytes: 3, files: 3, folders: 0 });
  expect(storage.scans).toBe(1);
  await usages.of(ROOT, NEVER);
  expect(storage.scans).toBe(2);
});

test("a count is aborted when its last request is aborted, not before", async () => {
  const storage = new Held();
  const usages = new FolderSizes(storage);
  const [first, second] = [new AbortController(), new AbortController()];
  const reason = new Error("gone");
  const counts = [first, second].map(({ signal }) =>
    usages.of(ROOT, signal).catch((error: unknown) => error),
  );
  first.abort(reason);
  expect(await counts[0]).toBe(reason);
  expect(usages.running).toBe(1);
  second.abort(reason);
  expect(await counts[1]).toBe(reason);
  expect(usages.running).toBe(0);
  // The result that it waited for is ignored.
  storage.go.resolve();
  while (storage.left === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  expect([storage.scans, storage.left]).toEqual([1, 1]);
});
