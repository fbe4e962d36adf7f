// The places of waiting uploads: empty ones leave first, one-shots take none, and their metadata is limited.

import { expect, test } from "bun:test";
import { append, creation, open } from "../../support/upload-registry.ts";

const EARLIER = 60_000;
type Uploads = Awaited<ReturnType<typeof open>>["uploads"];

/** An upload that was created a minute ago. */
async function old(uploads: Uploads, name: string, more: Parameters<typeof creation>[1] = {}) {
  const upload = await uploads.create(creation(name, more));
  upload.record.created -= EARLIER;
  return upload;
}

const isThere = async (uploads: Uploads, id: string): Promise<boolean> =>
  uploads.find(id).then(
    () => true,
    () => false,
  );

test("if all places are taken, the oldest upload without a byte leaves", async () => {
  const { uploads, storage } = await open({}, { maxWaiting: 3 });
  const begun = await old(uploads, "begun");
  await append(begun, 0, "abc");
  const [first, second] = [await old(uploads, "first"), await old(uploads, "second")];
  await uploads.create(creation("new"));
  const there = [begun, first, second].map(({ record }) => isThere(uploads, record.id));
  expect(await Promise.all(there)).toEqual([true, false, true]);
  expect([uploads.unfinished, storage.contents.partials.size]).toEqual([3, 3]);
});

test("an upload without a byte does not leave in its first 30 seconds", async () => {
  const { uploads } = await open({}, { maxWaiting: 2 });
  for (const name of ["a", "b"]) await uploads.create(creation(name));
  await expect(uploads.create(creation("c"))).rejects.toMatchObject({ code: "too_many_waiting" });
});

test("a part does not leave while a final names it, and a final not while one of its parts has bytes", async () => {
  const { uploads } = await open({}, { maxWaiting: 3 });
  const parts = [
    await old(uploads, "one", { concat: { kind: "partial" } }),
    await old(uploads, "two", { concat: { kind: "partial" } }),
  ];
  const ids = parts.map(({ record }) => record.id);
  const final = await old(uploads, "f", { size: null, concat: { kind: "final", urls: ids, ids } });
  const [one] = parts;
  if (one) await append(one, 0, "abc");
  await expect(uploads.create(creation("new"))).rejects.toMatchObject({ code: "too_many_waiting" });
  for (const id of [...ids, final.record.id]) expect(await isThere(uploads, id)).toBe(true);
});

test("concurrent creations share the places that are left", async () => {
  const { uploads } = await open({}, { maxWaiting: 3 });
  const made = await Promise.allSettled(
    ["a", "b", "c", "d", "e"].map((name) => uploads.create(creation(name))),
  );
  expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
});

test("an upload that is complete in one request takes no place", async () => {
  const { uploads, storage } = await open({}, { maxWaiting: 1 });
  await uploads.create(creation("waiting"));
  const shot = await uploads.create(creation("a.txt", { oneShot: true }));
  expect(uploads.unfinished).toBe(1);
  await append(shot, 0, "abcdef");
  expect(await storage.find(shot.record.path)).not.toBeNull();
  expect(uploads.unfinished).toBe(1);
});

test("lists of parts and metadata may have 16 MiB in all, also those of uploads that are saved", async () => {
  const { uploads } = await open({}, { maxWaiting: 1000 });
  const metadata = "x".repeat(2 * 1024 * 1024);
  const saved = await uploads.create(creation("saved", { metadata }));
  await append(saved, 0, "abcdef");
  for (let number = 0; number < 8; number++) await uploads.create(creation(`${number}`, { metadata }));
  // The saved one has left for the eighth.
  expect(await isThere(uploads, saved.record.id)).toBe(false);
  await expect(uploads.create(creation("more"))).rejects.toMatchObject({ code: "too_many_waiting" });
});
