// Quotas by folder: reserved when an upload is created, given back when it ends, and counted for every folder above a path.

import { expect, test } from "bun:test";
import type { QuotaRule } from "../../../../src/core/admission/quota/quota.ts";
import { walk } from "../../../../src/core/browse/walk.ts";
import type { Uploader } from "../../../../src/core/upload/uploader.ts";
import { checkFolderPath } from "../../../../src/path.ts";
import { put } from "../../../storage/driving.ts";
import { bytesOf, requestFor, uploaderWith } from "../../../support/uploader.ts";

const MIB = 1024 * 1024;
const rule = (path: string, bytes: number): QuotaRule => ({ path: checkFolderPath(path), bytes });
const exceeded = expect.objectContaining({ code: "quota_exceeded", status: 507 });

/** An uploader with these quotas, measured. */
async function limited(...rules: QuotaRule[]) {
  const uploader = uploaderWith();
  await measure(uploader, rules);
  return uploader;
}

async function measure(uploader: Uploader, rules: readonly QuotaRule[]): Promise<void> {
  uploader.quotas.set(rules);
  uploader.quotas.start(
    (folder) => walk(uploader.storage, folder),
    (_folder, error) => {
      throw error;
    },
  );
  await uploader.quotas.measuring.idle();
}

const report = (uploader: Uploader, folder: string) => uploader.quotas.report(checkFolderPath(folder));

async function save(
  uploader: Uploader,
  path: string,
  size: number,
  conflict: "replace" | "rename" = "replace",
) {
  const upload = await uploader.begin(requestFor(path, { size, conflict }));
  await upload.write(bytesOf(size));
  return await upload.finish();
}

test("of two uploads of 60 % each, the second is refused when it is created (sftpgo#128)", async () => {
  const uploader = await limited(rule("a", 100));
  const first = await uploader.begin(requestFor("a/1", { size: 60 }));
  const refused = uploader.begin(requestFor("a/2", { size: 60 }));
  await expect(refused).rejects.toEqual(exceeded);
  await expect(refused).rejects.toThrow(
    "The folder `a` has a quota of 100B, of which 0 B are used and 60 B reserved by unfinished uploads and copies. 60 B does not fit: delete files in it, or ask for a larger quota.",
  );
  expect(report(uploader, "a")).toEqual({
    folder: checkFolderPath("a"),
    bytes: 100,
    used: 0,
    reserved: 60,
    measured: true,
  });
  await first.write(bytesOf(60));
  await first.finish();
  expect(report(uploader, "a")).toMatchObject({ used: 60, reserved: 0 });
  await expect(uploader.begin(requestFor("a/2", { size: 60 }))).rejects.toThrow("60 B are used. 60 B does");
  await save(uploader, "a/2", 40);
  await save(uploader, "a/empty", 0);
  expect(report(uploader, "a")).toMatchObject({ used: 100, reserved: 0 });
  expect(uploader.quotas.claims).toBe(0);
});

test("a discarded upload, and one that fails, give back what they reserved", async () => {
  const uploader = await limited(rule("a", 100));
  const discarded = await uploader.begin(requestFor("a/1", { size: 100 }));
  await discarded.write(bytesOf(10));
  await discarded.discard(new Error("The client is gone."));
  await discarded.discard();
  expect(report(uploader, "a")).toMatchObject({ used: 0, reserved: 0 });
  const failing = await uploader.begin(requestFor("a/1/2", { size: 100, conflict: "rename" }));
  await put(uploader.storage, "a/1", "in the way");
  await expect(failing.finish()).rejects.toThrow();
  expect(report(uploader, "a")).toMatchObject({ reserved: 0 });
  expect(uploader.quotas.claims).toBe(0);
});

test("every folder above counts, compared segment by segment (CVE-2026-35605)", async () => {
  const uploader = await limited(rule("", 1000), rule("a", 100), rule("a/b", 10));
  await save(uploader, "ab/c", 200);
  await save(uploader, "a/bc", 20);
  await save(uploader, "a/b/c", 5);
  expect(["", "a", "a/b", "ab", "a/bc"].map((folder) => report(uploader, folder)?.folder)).toEqual(
    ["", "a", "a/b", "", "a"].map((path) => checkFolderPath(path)),
  );
  expect(report(uploader, "")).toMatchObject({ used: 225 });
  expect(report(uploader, "a")).toMatchObject({ used: 25 });
  expect(report(uploader, "a/b")).toMatchObject({ used: 5 });
  await expect(save(uploader, "a/b/d", 6)).rejects.toThrow("The folder `a/b` has a quota of 10B");
  await expect(save(uploader, "a/d", 76)).rejects.toThrow("The folder `a` has a quota of 100B");
  await expect(save(uploader, "d", 776)).rejects.toThrow("The whole storage has a quota of 1kB");
  await save(uploader, "d", 775);
});

test("a replaced file is given back: only the difference must fit", async () => {
  const uploader = await limited(rule("a", 100));
  await save(uploader, "a/1", 80);
  await save(uploader, "a/1", 100);
  expect(report(uploader, "a")).toMatchObject({ used: 100, reserved: 0 });
  await expect(save(uploader, "a/1", 101)).rejects.toEqual(exceeded);
  await expect(save(uploader, "a/1", 1, "rename")).rejects.toEqual(exceeded);
  const uploads = await Promise.all([50, 60].map((size) => uploader.begin(requestFor("a/1", { size }))));
  for (const [index, upload] of uploads.entries()) await upload.write(bytesOf([50, 60][index] ?? 0));
  await Promise.all(uploads.map((upload) => upload.finish()));
  expect([50, 60]).toContain(report(uploader, "a")?.used ?? 0);
  expect(report(uploader, "a")).toMatchObject({ reserved: 0 });
});

test("an upload that counted on replacing a file is refused at its end if that file is gone and the quota is full", async () => {
  const uploader = await limited(rule("a", 100));
  await save(uploader, "a/1", 80);
  const upload = await uploader.begin(requestFor("a/1", { size: 90 }));
  await uploader.quotas.changeFiles([requestFor("a/1").path], async (changed) => {
    await uploader.storage.remove(requestFor("a/1").path);
    changed(requestFor("a/1").path, { before: 80, after: 0 });
  });
  await save(uploader, "a/2", 85);
  await upload.write(bytesOf(90));
  await expect(upload.finish()).rejects.toEqual(exceeded);
  expect(report(uploader, "a")).toMatchObject({ used: 85, reserved: 0 });
});

test("an upload of unknown length reserves steps of 64 MiB, a quarter of what is left at most", async () => {
  const uploader = await limited(rule("a", 1000 * MIB));
  const upload = await uploader.begin(requestFor("a/1"));
  expect(report(uploader, "a")?.reserved).toBe(64 * MIB);
  await upload.write(bytesOf(64 * MIB));
  expect(report(uploader, "a")?.reserved).toBe(64 * MIB);
  await upload.write(bytesOf(1));
  expect(report(uploader, "a")?.reserved).toBe(128 * MIB + 1);
  await upload.finish();
  expect(report(uploader, "a")).toMatchObject({ used: 64 * MIB + 1, reserved: 0 });
  const small = await limited(rule("a", MIB));
  const uploads = await Promise.all(["1", "2", "3"].map((name) => small.begin(requestFor(`a/${name}`))));
  for (const upload of uploads) await upload.write(bytesOf(MIB / 4));
  const [first, second, third] = uploads;
  await expect((async () => await first?.write(bytesOf(MIB / 2)))()).rejects.toEqual(exceeded);
  await first?.discard(new Error("The quota is used up."));
  await second?.write(bytesOf(MIB / 4));
  await second?.finish();
  await third?.finish();
  expect(report(small, "a")).toMatchObject({ used: (MIB * 3) / 4, reserved: 0 });
  await save(small, "a/4", MIB / 4);
  await expect(small.begin(requestFor("a/5"))).rejects.toThrow("More does not fit");
});

test("files that are there before the quota is set are measured, and running uploads count at once", async () => {
  const uploader = uploaderWith();
  await put(uploader.storage, "a/b/1", "x".repeat(50));
  const known = await uploader.begin(requestFor("a/2", { size: 30 }));
  const unknown = await uploader.begin(requestFor("a/3"));
  await unknown.write(bytesOf(5));
  await measure(uploader, [rule("a", 100)]);
  expect(report(uploader, "a")).toMatchObject({ used: 50, reserved: 35, measured: true });
  await expect(uploader.begin(requestFor("a/4", { size: 16 }))).rejects.toEqual(exceeded);
  await unknown.write(bytesOf(1));
  await unknown.finish();
  uploader.quotas.set([rule("a", 90), rule("b", 1)]);
  expect(report(uploader, "a")).toMatchObject({ bytes: 90, used: 56, reserved: 30 });
  await known.write(bytesOf(30));
  await known.finish();
  expect(report(uploader, "a")).toMatchObject({ used: 86, reserved: 0 });
  uploader.quotas.set([]);
  expect(report(uploader, "a")).toBeNull();
  await save(uploader, "a/5", 1000);
  expect(uploader.quotas.claims).toBe(0);
});

test("an upload waits for the first measurement of its folder", async () => {
  const uploader = uploaderWith();
  await put(uploader.storage, "a/1", "x".repeat(50));
  const walking = Promise.withResolvers<void>();
  uploader.quotas.set([rule("a", 100)]);
  uploader.quotas.start(
    async function* (folder) {
      await walking.promise;
      yield* walk(uploader.storage, folder);
    },
    () => {},
  );
  let settled = false;
  const begun = uploader.begin(requestFor("a/2", { size: 60 })).finally(() => {
    settled = true;
  });
  const elsewhere = await uploader.begin(requestFor("b/2", { size: 60 }));
  await elsewhere.discard();
  expect(settled).toBe(false);
  expect(report(uploader, "a")).toMatchObject({ measured: false });
  walking.resolve();
  await expect(begun).rejects.toEqual(exceeded);
});

test("a folder that cannot be measured counts by what is known of it, and the operator is told", async () => {
  const uploader = uploaderWith();
  const failed: unknown[] = [];
  uploader.quotas.set([rule("a", 100)]);
  uploader.quotas.start(
    // biome-ignore lint/correctness/useYield: it fails before the first entry.
    async function* () {
      throw new Error("no disk");
    },
    (folder, error) => failed.push([folder, String(error)]),
  );
  await save(uploader, "a/1", 60);
  await expect(save(uploader, "a/2", 60)).rejects.toEqual(exceeded);
  expect(failed[0]).toEqual(["a", "Error: no disk"]);
  await uploader.quotas.close();
});

test("a count by somebody else that differs has the folder measured again", async () => {
  const uploader = await limited(rule("a", 100));
  await put(uploader.storage, "a/by another program", "x".repeat(70));
  expect(report(uploader, "a")).toMatchObject({ used: 0 });
  uploader.quotas.compare(checkFolderPath("a"), 70);
  uploader.quotas.compare(checkFolderPath("b"), 70);
  await uploader.quotas.measuring.idle();
  expect(report(uploader, "a")).toMatchObject({ used: 70 });
  await uploader.storage.remove(requestFor("a/by another program").path);
  uploader.quotas.add(uploader.quotas.above(requestFor("a/x").path), -71);
  expect(report(uploader, "a")?.used).toBe(0);
});
