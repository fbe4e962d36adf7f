// Searches on the disk: which entries are looked at, links, folders that go, and searches that are left.

import { expect, test } from "bun:test";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { mkdir, rm, symlink } from "node:fs/promises";
import { ROOT } from "../../../../src/path.ts";
import { calls } from "../../../../src/storage/disk/os/calls.ts";
import type { NameQuery } from "../../../../src/storage/listing/name-query.ts";
import type { Storage } from "../../../../src/storage/storage.ts";
import { put } from "../../driving.ts";
import { Canary } from "../canary.ts";
import { callsWith } from "../faults.ts";
import { TemporaryRoot } from "../temporary-root.ts";

const ALL: NameQuery = { words: [], hidden: true, limit: 1000 };

async function found(storage: Storage, query: Partial<NameQuery>): Promise<string[]> {
  const batches = await Array.fromAsync(storage.search(ROOT, { ...ALL, ...query }));
  return batches.flat().map(({ path, link }) => (link ? `${path} (link)` : path));
}

/** Folders of 100 files each. */
function fill(root: TemporaryRoot, folders: number): void {
  for (let folder = 0; folder < folders; folder += 1) {
    mkdirSync(root.in(`folder ${folder}`));
    for (let number = 0; number < 100; number += 1)
      closeSync(openSync(root.in(`folder ${folder}`, `file ${folder}-${number}`), "w"));
  }
}

test("only entries that match are looked at, however many names there are", async () => {
  await using root = await TemporaryRoot.make();
  fill(root, 20);
  const seen: string[] = [];
  const storage = await root.open({
    calls: callsWith({
      lstat: async (path) => {
        seen.push(String(path));
        return await calls.lstat(path);
      },
    }),
  });
  seen.length = 0;
  expect(await found(storage, { words: ["-77"], kind: "file" })).toHaveLength(20);
  expect(seen.filter((path) => path.includes("/file "))).toHaveLength(20);
});

test("a link is found by its own name and not followed, and one that leads out is not found", async () => {
  await using root = await TemporaryRoot.make();
  const canary = await Canary.make(root);
  const storage = await root.open();
  await put(storage, "a/inner/file", "x");
  await symlink("a", root.in("link to a"));
  await symlink("a/inner/file", root.in("link to file"));
  await symlink("..", root.in("a/link up"));
  await symlink("../canary", root.in("link out"));
  expect(await found(storage, {})).toEqual([
    "a",
    "a/inner",
    "a/inner/file",
    "a/link up (link)",
    "link to a (link)",
    "link to file (link)",
  ]);
  expect(await canary.touched()).toBeNull();
});

test("a folder that goes while others are searched is left out, and the others are searched", async () => {
  await using root = await TemporaryRoot.make();
  for (const name of ["a", "b", "c"]) await mkdir(root.in(name, "inner"), { recursive: true });
  const storage = await root.open({
    calls: callsWith({
      readdir: async (path) => {
        const entries = await calls.readdir(path);
        if (entries.some(({ name }) => name === "b")) await rm(root.in("b"), { recursive: true });
        return entries;
      },
    }),
  });
  expect(await found(storage, { words: ["INNER"] })).toEqual(["a/inner", "c/inner"]);
});

test("a search that is abandoned closes its folders, and others continue", async () => {
  await using root = await TemporaryRoot.make();
  const storage = await root.open();
  fill(root, 20);
  await found(storage, { words: ["NOTHING"] });
  const idle = await root.idleDescriptors();
  const kept = storage.search(ROOT, ALL);
  await kept.next();
  for await (const _ of storage.search(ROOT, ALL)) break;
  let rest = 0;
  for await (const batch of kept) rest += batch.length;
  expect(rest).toBeGreaterThan(0);
  await root.expectDescriptors(idle);
});
