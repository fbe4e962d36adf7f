// Limits of unfinished uploads: in all, for one client, and which of them leave first.

import { describe, expect, test } from "bun:test";
import type { UploadRegistry } from "../../../src/core/resumable/registry.ts";
import type { UploadSession } from "../../../src/core/resumable/session.ts";
import { MemoryContents } from "../../../src/storage/memory/contents.ts";
import { append, creation, open } from "../../support/upload-registry.ts";

const full = { code: "too_many_waiting", headers: { "retry-after": "60" } };

/** Creates an upload that has received a byte. */
async function begun(uploads: UploadRegistry, name: string, client: string | null = null) {
  const upload = await uploads.create(creation(name, { client }));
  await append(upload, 0, "a");
  return upload;
}

const exists = async (uploads: UploadRegistry, { record }: UploadSession): Promise<boolean> =>
  await uploads.find(record.id).then(
    () => true,
    () => false,
  );

const finalOf = (parts: UploadSession[]) => {
  const ids = parts.map(({ record }) => record.id);
  return creation("final", { size: null, concat: { kind: "final", urls: ids, ids } });
};
const part = (uploads: UploadRegistry, name: string) =>
  uploads.create(creation(name, { concat: { kind: "partial" } }));

describe("with --max-waiting uploads, a new one", () => {
  test("takes the place of the oldest that has received no byte", async () => {
    const { uploads, storage } = await open({}, { maxWaiting: 3 });
    const kept = await begun(uploads, "kept");
    const older = await uploads.create(creation("older"));
    const newer = await uploads.create(creation("newer"));
    await uploads.create(creation("new"));
    expect(await Promise.all([kept, older, newer].map((upload) => exists(uploads, upload)))).toEqual([
      true,
      false,
      true,
    ]);
    expect([uploads.unfinished, storage.contents.partials.size]).toEqual([3, 3]);
  });

  test("takes its place also after a restart, which knows the oldest", async () => {
    const contents = new MemoryContents();
    const before = await open({ contents }, { maxWaiting: 3 });
    const made: UploadSession[] = [];
    for (const [index, name] of ["a", "b", "c"].entries()) {
      const upload = await before.uploads.create(creation(name));
      upload.record.created = 1000 - index;
      await upload.checkpoint.save();
      made.push(upload);
    }
    const { uploads } = await open({ contents }, { maxWaiting: 3 });
    await uploads.create(creation("new"));
    expect(await Promise.all(made.map((upload) => exists(uploads, upload)))).toEqual([true, true, false]);
  });

  test("is refused when all have received bytes", async () => {
    const { uploads } = await open({}, { maxWaiting: 2 });
    await begun(uploads, "a");
    await begun(uploads, "b");
    await expect(uploads.create(creation("c"))).rejects.toMatchObject(full);
  });

  test("is not refused if the request that creates it has all bytes", async () => {
    const { uploads } = await open({}, { maxWaiting: 1 });
    await begun(uploads, "a");
    const whole = await uploads.create(creation("b", { oneShot: true }));
    await append(whole, 0, "abcdef");
    expect([whole.complete, uploads.unfinished]).toEqual([true, 1]);
  });

  test("is not refused if it is the final of complete parts, which would keep their places otherwise", async () => {
    const { uploads } = await open({}, { maxWaiting: 2 });
    const parts = [await part(uploads, "1"), await part(uploads, "2")];
    for (const upload of parts) await append(upload, 0, "abcdef");
    const whole = await uploads.create(finalOf(parts));
    await uploads.assemble(whole);
    expect([whole.complete, uploads.unfinished]).toEqual([true, 0]);
  });

  test("does not take the place of a part or a final whose other parts have bytes", async () => {
    const { uploads } = await open({}, { maxWaiting: 3 });
    const parts = [await part(uploads, "1"), await part(uploads, "2")];
    const whole = await uploads.create(finalOf(parts));
    for (const upload of parts.slice(1)) await append(upload, 0, "a");
    await expect(uploads.create(creation("a"))).rejects.toMatchObject(full);
    expect(await exists(uploads, whole)).toBe(true);
  });

  test("does not take the place of a final while the first bytes of a part arrive", async () => {
    const { uploads } = await open({}, { maxWaiting: 2 });
    const only = await part(uploads, "1");
    const whole = await uploads.create(finalOf([only]));
    const receiving = Promise.withResolvers<void>();
    const request = only.acquire(() => receiving.promise);
    await expect(uploads.create(creation("a"))).rejects.toMatchObject(full);
    receiving.resolve();
    await request;
    expect(await exists(uploads, whole)).toBe(true);
  });

  test("takes the place of a final, then of its parts, when none has a byte", async () => {
    const { uploads } = await open({}, { maxWaiting: 2 });
    const only = await part(uploads, "1");
    const whole = await uploads.create(finalOf([only]));
    await begun(uploads, "a");
    expect([await exists(uploads, whole), await exists(uploads, only)]).toEqual([false, true]);
    await begun(uploads, "b");
    expect(await exists(uploads, only)).toBe(false);
  });

  test("takes a place only once, however many arrive together", async () => {
    const { uploads } = await open({}, { maxWaiting: 3 });
    for (const name of ["a", "b", "c"]) await uploads.create(creation(name));
    const all = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => uploads.create(creation(`${index}`))),
    );
    expect(uploads.unfinished).toBe(3);
    expect(all.some(({ status }) => status === "fulfilled")).toBe(true);
  });
});

describe("one client", () => {
  test("may have a quarter of all, and then replaces its own", async () => {
    const { uploads } = await open({}, { maxWaiting: 8 });
    const mine = await begun(uploads, "mine", "192.0.2.1");
    const empty = await uploads.create(creation("empty", { client: "192.0.2.1" }));
    const others = await uploads.create(creation("others", { client: "192.0.2.2" }));
    await begun(uploads, "next", "192.0.2.1");
    expect(await Promise.all([mine, empty, others].map((upload) => exists(uploads, upload)))).toEqual([
      true,
      false,
      true,
    ]);
    const refused = uploads.create(creation("more", { client: "192.0.2.1" }));
    await expect(refused).rejects.toMatchObject({ ...full, detail: expect.stringContaining("your address") });
    await begun(uploads, "other", "192.0.2.2");
  });

  test("has the same share after a restart", async () => {
    const contents = new MemoryContents();
    const before = await open({ contents }, { maxWaiting: 4 });
    await begun(before.uploads, "mine", "192.0.2.1");
    await before.uploads.close();
    const { uploads } = await open({ contents }, { maxWaiting: 4 });
    await expect(uploads.create(creation("more", { client: "192.0.2.1" }))).rejects.toMatchObject(full);
  });
});

describe("the size of their state", () => {
  const metadata = "x".repeat(8192);

  test("is limited, and makes room like their number", async () => {
    const { uploads } = await open({}, { maxWaiting: 1000 });
    const made: UploadSession[] = [];
    for (let number = 0; number < 600; number++)
      made.push(await uploads.create(creation(`${number}`, { metadata })));
    // All 1,000 together may have 4,096,000 bytes: less than 600 times 8 KiB.
    expect(uploads.unfinished).toBeGreaterThan(400);
    expect(uploads.unfinished).toBeLessThan(500);
    for (const upload of made.slice(-uploads.unfinished)) await append(upload, 0, "a");
    const refused = uploads.create(creation("more", { metadata }));
    await expect(refused).rejects.toMatchObject({ ...full, detail: expect.stringContaining("metadata") });
  });

  test("limits complete uploads that are remembered as well", async () => {
    const { uploads, storage } = await open({}, { maxWaiting: 1000 });
    for (let number = 0; number < 600; number++) {
      const upload = await uploads.create(creation(`${number}`, { metadata, oneShot: true }));
      await append(upload, 0, "abcdef");
    }
    expect(uploads.unfinished).toBe(0);
    expect(storage.contents.partials.size).toBeLessThan(500);
  });

  test("counts the list of a final, and a part can be in few finals only", async () => {
    const { uploads } = await open({}, { maxWaiting: 10 });
    const parts = [await part(uploads, "1"), await part(uploads, "2")];
    for (const upload of parts) await append(upload, 0, "a");
    for (let number = 0; number < 4; number++) await uploads.create(finalOf(parts));
    await expect(uploads.create(finalOf(parts))).rejects.toMatchObject({
      ...full,
      detail: expect.stringContaining("the same part"),
    });
  });
});

test("an upload without a byte expires after an hour, one with bytes after --upload-expiry", async () => {
  const { uploads, storage } = await open({}, { uploadExpiry: 86_400 });
  const empty = await uploads.create(creation("empty"));
  const filled = await begun(uploads, "filled");
  const hour = 3_601_000;
  for (const { activity } of [empty, filled]) activity.touch(Date.now() - hour, storage.age - hour);
  await expect(uploads.find(empty.record.id)).rejects.toMatchObject({ code: "upload_gone" });
  expect(await exists(uploads, filled)).toBe(true);
});
