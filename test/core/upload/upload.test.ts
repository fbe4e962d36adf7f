// One upload from its first byte to its name: limits, the conflict policy at the end, and the report.

import { describe, expect, test } from "bun:test";
import type { UploadRequest } from "../../../src/core/upload/upload-request.ts";
import { Problem } from "../../../src/errors.ts";
import { checkFilePath } from "../../../src/path.ts";
import type { MemoryStep } from "../../../src/storage/memory/contents.ts";
import { bytesOf, pathsIn, requestFor, textOf, uploaderWith } from "../../support/uploader.ts";

type Uploader = ReturnType<typeof uploaderWith>;

/** Uploads a text in one chunk. */
async function put(uploader: Uploader, path: string, text: string, more: Partial<UploadRequest> = {}) {
  const upload = await uploader.begin(requestFor(path, more));
  try {
    await upload.write(bytesOf(text));
  } catch (error) {
    await upload.discard();
    throw error;
  }
  return await upload.finish();
}

const digestOf = (text: string): Uint8Array =>
  new Uint8Array(new Bun.CryptoHasher("sha256").update(text).digest());

describe("a finished upload", () => {
  test("returns all its properties", async () => {
    const uploader = uploaderWith();
    const { file, replaced, digest } = await put(uploader, "a b/c.txt", "hello", { wantedDigest: "sha-256" });
    expect(file).toMatchObject({ path: "a b/c.txt", name: "c.txt", size: 5, url: "/files/a%20b/c.txt" });
    expect(file.etag).toMatch(/^".+"$/);
    expect(new Date(file.modified).toISOString()).toBe(file.modified);
    expect(file.renamedFrom).toBeUndefined();
    expect(replaced).toBe(false);
    expect(digest).toEqual({ algorithm: "sha-256", value: digestOf("hello") });
    expect(await textOf(uploader.storage, "a b/c.txt")).toBe("hello");
    expect(uploader.activeUploads.size).toBe(0);
  });

  test("replaces the old file and gets a new etag", async () => {
    const uploader = uploaderWith();
    const first = await put(uploader, "a", "one");
    const second = await put(uploader, "a", "two");
    expect(second.replaced).toBe(true);
    expect(second.file.etag).not.toBe(first.file.etag);
    expect(await textOf(uploader.storage, "a")).toBe("two");
  });

  test("gets the next free name and reports the requested one", async () => {
    const uploader = uploaderWith();
    for (const _ of [1, 2]) await put(uploader, "d/a.tar.gz", "x", { conflict: "rename" });
    const { file, replaced } = await put(uploader, "d/a.tar.gz", "three", { conflict: "rename" });
    expect(file).toMatchObject({ path: "d/a (2).tar.gz", name: "a (2).tar.gz", renamedFrom: "a.tar.gz" });
    expect(replaced).toBe(false);
  });

  test("gets the next free name also if the name is that of a folder", async () => {
    const uploader = uploaderWith();
    await put(uploader, "d/x", "x");
    expect((await put(uploader, "d", "file", { conflict: "rename" })).file.path).toBe(checkFilePath("d (1)"));
  });

  test("200 concurrent uploads with one name become 200 files", async () => {
    const uploader = uploaderWith();
    const texts = Array.from({ length: 200 }, (_, index) => `content ${index}`);
    const outcomes = await Promise.all(
      texts.map((text) => put(uploader, "a.jpg", text, { conflict: "rename" })),
    );
    expect(new Set(outcomes.map(({ file }) => file.path)).size).toBe(200);
    const saved = await Promise.all(pathsIn(uploader.storage).map((path) => textOf(uploader.storage, path)));
    expect(saved.toSorted()).toEqual(texts.toSorted());
  });
});

describe("an upload that fails leaves nothing", () => {
  const cases: [string, Partial<UploadRequest>, string][] = [
    ["one byte more than allowed", {}, "file_too_large"],
    [
      "a digest of other bytes",
      { digests: [{ algorithm: "sha-256", value: digestOf("other") }] },
      "digest_mismatch",
    ],
  ];
  test.each(cases)("%s", async (name, more, code) => {
    const uploader = uploaderWith({ maxFileSize: name.startsWith("one") ? 4 : 5 });
    await expect(put(uploader, "a", "hello", more)).rejects.toMatchObject({ code });
    expect(pathsIn(uploader.storage)).toEqual([]);
    expect(uploader.activeUploads.size).toBe(0);
  });

  test("if the storage becomes full, and the next upload succeeds", async () => {
    const uploader = uploaderWith({}, { capacity: 10 });
    const full = await uploader.begin(requestFor("a"));
    await full.write(bytesOf(8));
    expect(() => full.write(bytesOf(8))).toThrow(expect.objectContaining({ code: "storage_full" }));
    await full.discard();
    await put(uploader, "b", "0123456789");
    expect(pathsIn(uploader.storage)).toEqual(["b"]);
  });

  test.each<MemoryStep>(["sync", "publish"])("a failing %s", async (step) => {
    const delay = (at: MemoryStep) =>
      at === step ? Promise.reject(new Problem("storage_failed", "No.")) : undefined;
    const uploader = uploaderWith({}, { delay });
    await expect(put(uploader, "a", "hello")).rejects.toMatchObject({ code: "storage_failed" });
    expect(pathsIn(uploader.storage)).toEqual([]);
    expect(uploader.activeUploads.size).toBe(0);
  });

  test("discarding again, or after the end, has no effect", async () => {
    const uploader = uploaderWith();
    const upload = await uploader.begin(requestFor("a"));
    await upload.write(bytesOf("x"));
    await upload.discard();
    await upload.discard();
    const finished = await uploader.begin(requestFor("b"));
    await finished.finish();
    await finished.discard();
    expect(pathsIn(uploader.storage)).toEqual(["b"]);
  });
});

describe("a file that is created or replaced during an upload", () => {
  /** Begins an upload, runs `meanwhile`, and finishes the upload. */
  async function race(uploader: Uploader, more: Partial<UploadRequest>, meanwhile: () => Promise<unknown>) {
    const upload = await uploader.begin(requestFor("a", more));
    await upload.write(bytesOf("mine"));
    await meanwhile();
    return await upload.finish();
  }
  const other = (uploader: Uploader) => put(uploader, "a", "other");

  test("is kept with `fail`", async () => {
    const uploader = uploaderWith();
    await expect(race(uploader, { conflict: "fail" }, () => other(uploader))).rejects.toMatchObject({
      code: "name_taken",
    });
    expect(await textOf(uploader.storage, "a")).toBe("other");
  });

  test("is kept without the grant to replace", async () => {
    const uploader = uploaderWith();
    await expect(
      race(uploader, { may: { replace: false, read: false } }, () => other(uploader)),
    ).rejects.toMatchObject({ code: "not_allowed" });
    expect(await textOf(uploader.storage, "a")).toBe("other");
  });

  test("is kept with If-None-Match: *", async () => {
    const uploader = uploaderWith();
    const racing = race(uploader, { conditions: { ifNoneMatch: "*" } }, () => other(uploader));
    await expect(racing).rejects.toMatchObject({ code: "precondition_failed" });
    expect(await textOf(uploader.storage, "a")).toBe("other");
  });

  test("is kept if its tag no longer matches If-Match", async () => {
    const uploader = uploaderWith();
    const { file } = await put(uploader, "a", "seen");
    const racing = race(uploader, { conditions: { ifMatch: [file.etag] } }, () => other(uploader));
    await expect(racing).rejects.toMatchObject({ code: "precondition_failed" });
    expect(await textOf(uploader.storage, "a")).toBe("other");
  });

  test("is not created again with If-Match", async () => {
    const uploader = uploaderWith();
    await put(uploader, "a", "seen");
    const racing = race(uploader, { conditions: { ifMatch: "*" } }, () =>
      uploader.storage.remove(checkFilePath("a")),
    );
    await expect(racing).rejects.toMatchObject({ code: "precondition_failed" });
    expect(pathsIn(uploader.storage)).toEqual([]);
  });

  test("is not avoided by another name with If-None-Match: *", async () => {
    const uploader = uploaderWith();
    const fresh: Partial<UploadRequest> = { conflict: "rename", conditions: { ifNoneMatch: "*" } };
    await expect(race(uploader, fresh, () => other(uploader))).rejects.toMatchObject({
      code: "precondition_failed",
    });
    expect(pathsIn(uploader.storage)).toEqual(["a"]);

    // Also at the last moment, by an upload that replaces nothing and so waits for no lock.
    const reached = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    let first = true;
    const delay = (step: MemoryStep): Promise<void> | undefined => {
      if (step !== "publish" || !first) return undefined;
      first = false;
      reached.resolve();
      return gate.promise;
    };
    const late = uploaderWith({}, { delay });
    const racing = put(late, "a", "mine", fresh);
    await reached.promise;
    await put(late, "a", "other", { conflict: "fail" });
    gate.resolve();
    await expect(racing).rejects.toMatchObject({ code: "precondition_failed" });
    expect(pathsIn(late.storage)).toEqual(["a"]);
  });

  test("is replaced by only one of two uploads with the same If-Match", async () => {
    const uploader = uploaderWith();
    const { file } = await put(uploader, "a", "seen");
    const seen = { conditions: { ifMatch: [file.etag] } };
    const results = await Promise.allSettled([
      put(uploader, "a", "one", seen),
      put(uploader, "a", "two", seen),
    ]);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("a checked condition holds until the file is published, despite concurrent uploads", async () => {
    const gate = Promise.withResolvers<void>();
    const publishing: (() => void)[] = [];
    const hold = (step: MemoryStep): Promise<void> | undefined => {
      if (step !== "publish" || publishing.length === 0) return undefined;
      publishing.shift()?.();
      return gate.promise;
    };
    const uploader = uploaderWith({}, { delay: hold });
    const { file } = await put(uploader, "a", "seen");
    const reached = Promise.withResolvers<void>();
    publishing.push(reached.resolve);
    const conditional = put(uploader, "a", "conditional", { conditions: { ifMatch: [file.etag] } });
    await reached.promise;
    const unconditional = put(uploader, "a", "unconditional");
    await Bun.sleep(5);
    expect(await textOf(uploader.storage, "a")).toBe("seen");
    gate.resolve();
    await Promise.all([conditional, unconditional]);
    expect(await textOf(uploader.storage, "a")).toBe("unconditional");
  });
});
