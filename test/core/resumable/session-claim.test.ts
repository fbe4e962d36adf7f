// Quotas and resumable uploads: what one has reserved stays reserved while it waits, also after a restart, until it ends.

import { expect, test } from "bun:test";
import type { Uploader } from "../../../src/core/upload/uploader.ts";
import { checkFilePath, checkFolderPath } from "../../../src/path.ts";
import { MemoryContents } from "../../../src/storage/memory/contents.ts";
import { append, creation, open } from "../../support/upload-registry.ts";
import { bytesOf, requestFor } from "../../support/uploader.ts";

const exceeded = expect.objectContaining({ code: "quota_exceeded", status: 507 });
const IN_A = checkFolderPath("a");

function limit(uploader: Uploader, bytes: number): void {
  uploader.quotas.set([{ path: IN_A, bytes }]);
}

/** Bytes used and reserved. */
function stateOf(uploader: Uploader): [used: number, reserved: number] {
  const { used = Number.NaN, reserved = Number.NaN } = uploader.quotas.report(IN_A) ?? {};
  return [used, reserved];
}

test("reserved from the creation until the file is published", async () => {
  const { uploads, uploader } = await open();
  limit(uploader, 10);
  const upload = await uploads.create(creation("a/1"));
  expect(stateOf(uploader)).toEqual([0, 6]);
  await expect(uploads.create(creation("a/2"))).rejects.toEqual(exceeded);
  expect(uploads.unfinished).toBe(1);
  await append(upload, 0, "abc");
  expect(stateOf(uploader)).toEqual([0, 6]);
  await expect(uploader.begin(requestFor("a/2", { size: 5 }))).rejects.toEqual(exceeded);
  await append(upload, 3, "def");
  expect(stateOf(uploader)).toEqual([6, 0]);
  await uploads.create(creation("a/2", { size: 4 }));
  expect(stateOf(uploader)).toEqual([6, 4]);
});

test("given back when the upload is deleted, cancelled, evicted or expires, or its bytes are wrong", async () => {
  const { uploads, uploader, storage } = await open({}, { maxWaiting: 2 });
  limit(uploader, 100);
  const deleted = await uploads.create(creation("a/1"));
  await append(deleted, 0, "abc");
  await uploads.remove(deleted.record.id);
  expect(stateOf(uploader)).toEqual([0, 0]);
  await uploads.create(creation("a/2", { name: "cancelled" }));
  expect(await uploads.cancel("cancelled")).toBe(1);
  expect(stateOf(uploader)).toEqual([0, 0]);
  const wrong = await uploads.create(creation("a/2"));
  await wrong.markFailed("digest");
  expect(stateOf(uploader)).toEqual([0, 0]);
  for (const name of ["a/3", "a/4", "a/5", "a/6"])
    (await uploads.create(creation(name))).activity.touch(0, 0);
  expect(stateOf(uploader)).toEqual([0, 12]);
  storage.contents.born -= 7_200_000;
  uploads.sweep();
  await uploads.close();
  expect(stateOf(uploader)).toEqual([0, 0]);
  expect(uploader.quotas.claims).toBe(0);
});

test("reserved again after a restart, whether it fits or not", async () => {
  const contents = new MemoryContents();
  const before = await open({ contents });
  const known = await before.uploads.create(creation("a/1"));
  const unknown = await before.uploads.create(creation("a/2", { size: null }));
  await append(unknown, 0, "abcd", false);
  await before.uploads.create(creation("b/1"));
  await before.uploads.close();
  const { uploads, uploader } = await open({ contents });
  limit(uploader, 8);
  expect(stateOf(uploader)).toEqual([0, 10]);
  await expect(uploads.create(creation("a/3", { size: 1 }))).rejects.toEqual(exceeded);
  await uploads.remove(unknown.record.id);
  expect(stateOf(uploader)).toEqual([0, 6]);
  await append(await uploads.find(known.record.id), 0, "abcdef");
  expect(stateOf(uploader)).toEqual([6, 0]);
});

test("a length that is stated later is reserved then, or refused", async () => {
  const { uploads, uploader } = await open();
  limit(uploader, 100_000);
  const upload = await uploads.create(creation("a/1", { size: null }));
  expect(stateOf(uploader)).toEqual([0, 65_536]);
  await expect(upload.setLength(100_001)).rejects.toEqual(exceeded);
  expect(upload.record.size).toBeNull();
  await upload.setLength(6);
  expect(stateOf(uploader)).toEqual([0, 6]);
  await append(upload, 0, "abcdef");
  expect(stateOf(uploader)).toEqual([6, 0]);
});

test("a chunk that is sent again because its checksum was wrong counts once", async () => {
  const { uploads, uploader } = await open();
  limit(uploader, 6);
  const upload = await uploads.create(creation("a/1"));
  await append(upload, 0, "abc");
  await expect(append(upload, 3, "defg")).rejects.toMatchObject({ code: "inconsistent_length" });
  await append(upload, 3, "def");
  expect(stateOf(uploader)).toEqual([6, 0]);
});

test("a final takes over what its parts have reserved: nothing counts twice", async () => {
  const { uploads, uploader, storage } = await open();
  limit(uploader, 12);
  const concat = { kind: "partial" } as const;
  const parts = [
    await uploads.create(creation("a/part 1", { concat })),
    await uploads.create(creation("a/part 2", { concat })),
  ];
  expect(stateOf(uploader)).toEqual([0, 12]);
  const ids = parts.map(({ record }) => record.id);
  const final = await uploads.create(
    creation("a/whole", { size: null, concat: { kind: "final", urls: ids, ids } }),
  );
  expect(stateOf(uploader)).toEqual([0, 12]);
  for (const part of parts) await append(part, 0, "abcdef");
  await uploads.assemble(final);
  expect(storage.contents.files.get(checkFilePath("a/whole"))?.entry.size).toBe(12);
  expect(stateOf(uploader)).toEqual([12, 0]);
  expect(uploader.quotas.claims).toBe(0);
});

test("a final whose parts lie elsewhere is refused when it is created", async () => {
  const { uploads, uploader } = await open();
  limit(uploader, 11);
  const concat = { kind: "partial" } as const;
  const parts = [
    await uploads.create(creation("part 1", { concat })),
    await uploads.create(creation("part 2", { concat })),
  ];
  const ids = parts.map(({ record }) => record.id);
  const final = creation("a/whole", { size: null, concat: { kind: "final", urls: ids, ids } });
  await expect(uploads.create(final)).rejects.toEqual(exceeded);
  expect(stateOf(uploader)).toEqual([0, 0]);
  limit(uploader, 12);
  const first = await uploads.create(final);
  expect(stateOf(uploader)).toEqual([0, 12]);
  await uploads.remove(first.record.id);
  expect(stateOf(uploader)).toEqual([0, 0]);
});

test("an upload whose folder gets a quota while it runs reserves in it", async () => {
  const { uploads, uploader } = await open();
  const upload = await uploads.create(creation("a/1"));
  const running = await uploader.begin(requestFor("a/2", { size: 5 }));
  await running.write(bytesOf(2));
  limit(uploader, 20);
  expect(stateOf(uploader)).toEqual([0, 11]);
  await append(upload, 0, "abcdef");
  await running.discard();
  expect(stateOf(uploader)).toEqual([6, 0]);
});
