// Resumable uploads without HTTP: crashes at every step of publishing, expiry, and limits.

import { describe, expect, test } from "bun:test";
import { append as appendTo } from "../../../src/core/resumable/append.ts";
import type { UploadSession } from "../../../src/core/resumable/session.ts";
import { Problem } from "../../../src/errors.ts";
import { checkFilePath } from "../../../src/path.ts";
import { MemoryContents } from "../../../src/storage/memory/contents.ts";
import type { MemoryOptions } from "../../../src/storage/memory/memory.ts";
import { append, creation, open } from "../../support/upload-registry.ts";
import { bodyOf, pathsIn, textOf } from "../../support/uploader.ts";

const power = () => Promise.reject(new Problem("storage_failed", "The power is cut."));

describe("a crash", () => {
  test("before the file is named: it is saved at the next start, without a client's request", async () => {
    const contents = new MemoryContents();
    const { uploads } = await open({ contents, delay: (step) => (step === "publish" ? power() : undefined) });
    const upload = await uploads.create(creation("a.txt"));
    await expect(append(upload, 0, "abcdef")).rejects.toMatchObject({ code: "storage_failed" });
    const next = await open({ contents });
    expect(await textOf(next.storage, "a.txt")).toBe("abcdef");
    const found = await next.uploads.refresh(upload.record.id);
    expect([found.complete, found.length]).toEqual([true, 6]);
  });

  test("after the file was named: it exists once, and the upload is finished", async () => {
    const contents = new MemoryContents();
    let notes = 0;
    const { uploads } = await open({
      contents,
      // Metadata is written on creation, before naming and at the end; the third write never happens.
      delay: (step) => (step === "note" && ++notes > 2 ? power() : undefined),
    });
    const upload = await uploads.create(creation("a.txt"));
    await expect(append(upload, 0, "abcdef")).rejects.toMatchObject({ code: "storage_failed" });
    const next = await open({ contents });
    const found = await next.uploads.refresh(upload.record.id);
    expect(found.record.finished?.file).toMatchObject({ path: "a.txt", size: 6, flow: { bytes: 6 } });
    expect(pathsIn(next.storage)).toEqual(["a.txt"]);
    await expect(append(found, 0, "abcdef")).rejects.toMatchObject({ code: "offset_mismatch" });
  });

  test("before a client has stated that it is complete: it stays unfinished", async () => {
    const contents = new MemoryContents();
    const { uploads } = await open({ contents });
    const upload = await uploads.create(creation("a.txt", { endsByLength: false }));
    await append(upload, 0, "abcdef", false);
    const next = await open({ contents });
    const found = await next.uploads.refresh(upload.record.id);
    expect([found.complete, found.length]).toEqual([false, 6]);
    await append(found, 6, "", true);
    expect(await textOf(next.storage, "a.txt")).toBe("abcdef");
  });
});

test("after a crash no bytes are left whose checksum was not verified", async () => {
  const contents = new MemoryContents();
  const { uploads } = await open({ contents });
  const upload = await uploads.create(creation("a.txt"));
  await append(upload, 0, "abc");
  const never = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  void appendTo(upload, {
    offset: 3,
    size: null,
    bytes: undefined,
    ends: "length",
    checks: [{ seconds: 0, update: () => {}, finish: () => {} }],
    wanted: null,
    overflowInvalidates: false,
    overflow: () => new Problem("inconsistent_length", "Past the end."),
    mismatch: () => new Problem("offset_mismatch", "Elsewhere."),
    receive: () => ({
      body: bodyOf([
        "xx",
        () => {
          stopped.resolve();
          return never.promise;
        },
      ]),
      saving: () => {},
      close: () => {},
    }),
  }).catch(() => {});
  await stopped.promise;
  const next = await open({ contents });
  const found = await next.uploads.refresh(upload.record.id);
  expect(found.length).toBe(3);
  await append(found, 3, "d");
  // Bytes sent without a checksum are kept, whatever preceded them.
  const last = await open({ contents });
  const again = await last.uploads.refresh(upload.record.id);
  expect(again.length).toBe(4);
  await append(again, 4, "ef");
  expect(await textOf(last.storage, "a.txt")).toBe("abcdef");
  never.resolve();
});

test("an upload whose name was taken in the meantime keeps its bytes, and is saved when the name is free", async () => {
  const { storage, uploads } = await open();
  const upload = await uploads.create(creation("a.txt", { conflict: "fail" }));
  const other = await uploads.create(creation("a.txt"));
  await append(other, 0, "other!");
  await expect(append(upload, 0, "abcdef")).rejects.toMatchObject({ code: "name_taken" });
  await expect(upload.withLock()).rejects.toMatchObject({ code: "name_taken" });
  await storage.remove(checkFilePath("a.txt"));
  await upload.withLock();
  expect(await textOf(storage, "a.txt")).toBe("abcdef");
});

describe("a power cut", () => {
  test("leaves no file whose bytes were not synced before it was named", async () => {
    const contents = new MemoryContents();
    const cut = { on: false };
    const delay: MemoryOptions["delay"] = (step) => (cut.on && step === "sync" ? power() : undefined);
    const { uploads } = await open({ contents, delay });
    const upload = await uploads.create(creation("a.txt"));
    await append(upload, 0, "abc");
    await upload.flush();
    cut.on = true;
    // The name is recorded, then the sync fails, and the error can no longer be recorded.
    await expect(append(upload, 3, "def")).rejects.toMatchObject({ code: "storage_failed" });
    expect(contents.partials.get(upload.record.id)?.note).toContain('"publishing":"a.txt"');
    contents.boot = "another";
    const next = await open({ contents });
    expect(pathsIn(next.storage)).toEqual([]);
    const found = await next.uploads.refresh(upload.record.id);
    expect([found.complete, found.length]).toEqual([false, 3]);
    await append(found, 3, "xyz");
    expect(await textOf(next.storage, "a.txt")).toBe("abcxyz");
  });

  test("does not affect a part that was reported as complete", async () => {
    const contents = new MemoryContents();
    const { uploads } = await open({ contents });
    const upload = await uploads.create(creation("p", { concat: { kind: "partial" } }));
    await append(upload, 0, "abcdef");
    contents.boot = "another";
    const next = await open({ contents });
    expect((await next.uploads.refresh(upload.record.id)).complete).toBe(true);
  });

  test("does not affect bytes sent after an earlier power cut: the durable length is updated before a byte is appended", async () => {
    const contents = new MemoryContents();
    const { uploads } = await open({ contents });
    const upload = await uploads.create(creation("a.txt"));
    await append(upload, 0, "abc");
    await upload.flush();
    contents.boot = "second";
    const next = await open({ contents });
    const found = await next.uploads.refresh(upload.record.id);
    await append(found, 3, "de");
    // No power cut this time: the bytes of the second boot exist.
    const last = await open({ contents });
    expect((await last.uploads.refresh(upload.record.id)).length).toBe(5);
  });
});

describe("the report", () => {
  test("adds up all requests", async () => {
    const { uploads } = await open();
    const upload = await uploads.create(creation("a.txt"));
    await append(upload, 0, "abc");
    const outcome = await append(upload, 3, "def");
    expect(outcome?.file.flow.bytes).toBe(6);
  });

  test("includes the requests before a restart", async () => {
    const contents = new MemoryContents();
    const { uploads } = await open({ contents });
    const upload = await uploads.create(creation("a.txt"));
    await append(upload, 0, "abc");
    await uploads.close();
    const next = await open({ contents });
    const outcome = await append(await next.uploads.find(upload.record.id), 3, "def");
    expect(outcome?.file.flow).toMatchObject({ bytes: 6, explanation: expect.not.stringContaining("lost") });
  });

  test("reports unknown time if the server was killed", async () => {
    const contents = new MemoryContents();
    const { uploads } = await open({ contents });
    const [some, none] = [await uploads.create(creation("some")), await uploads.create(creation("none"))];
    for (const upload of [some, none]) await append(upload, 0, "abc");
    const next = await open({ contents });
    const outcome = await append(await next.uploads.find(some.record.id), 3, "def");
    expect(outcome?.file.flow).toMatchObject({
      bytes: 3,
      explanation: expect.stringContaining("This tells of 3 B of 6 B"),
    });
    const empty = await append(await next.uploads.find(none.record.id), 3, "", true).catch(() => null);
    expect(empty).toBeNull();
  });
});

test("metadata of the previous version is read", async () => {
  const contents = new MemoryContents();
  const { storage, uploads } = await open({ contents });
  const upload = await uploads.create(creation("a.txt"));
  await append(upload, 0, "abc");
  const { digests: _d, wanted: _w, mark: _m, measured: _s, spoiled: _p, ...old } = upload.record;
  await storage.writeMetadata(old.id, JSON.stringify({ ...old, version: 1 }));
  const next = await open({ contents });
  await append(await next.uploads.find(old.id), 3, "def");
  expect(await textOf(next.storage, "a.txt")).toBe("abcdef");
});

test("completed uploads are remembered, but no more than --max-waiting", async () => {
  const { uploads } = await open({}, { maxWaiting: 2 });
  const made: UploadSession[] = [];
  for (const name of ["a", "b", "c", "d"]) {
    const upload = await uploads.create(creation(name));
    await append(upload, 0, "abcdef");
    made.push(upload);
  }
  const found = await Promise.allSettled(made.map(({ record }) => uploads.find(record.id)));
  expect(found.filter(({ status }) => status === "fulfilled")).toHaveLength(2);
  expect(found.at(-1)?.status).toBe("fulfilled");
});

test("a request that waits for the lock does not restore a deleted upload", async () => {
  const { storage, uploads } = await open();
  const upload = await uploads.create(creation("a.txt", { size: null }));
  const removing = uploads.remove(upload.record.id);
  await removing;
  await expect(append(upload, 0, "abcdef")).rejects.toMatchObject({ code: "not_found" });
  expect(storage.contents.partials.size).toBe(0);
});

test("a refused upload leaves no data", async () => {
  const { storage, uploads } = await open({ capacity: 5 });
  await expect(uploads.create(creation("a.txt"))).rejects.toMatchObject({ code: "storage_full" });
  expect([uploads.unfinished, storage.contents.partials.size]).toEqual([0, 0]);
});

test("metadata of an unknown version is not touched", async () => {
  const contents = new MemoryContents();
  const { uploads, storage } = await open({ contents });
  const { record } = await uploads.create(creation("a.txt"));
  await storage.writeMetadata(record.id, JSON.stringify({ ...record, version: 3 }));
  const next = await open({ contents });
  await expect(next.uploads.find(record.id)).rejects.toMatchObject({ code: "not_found" });
  expect(contents.partials.size).toBe(1);
});
