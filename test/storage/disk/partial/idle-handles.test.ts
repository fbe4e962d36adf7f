// Partial uploads between two requests: open for a moment, then synced and closed, also with failures.

import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import type { DiskStorage } from "../../../../src/storage/disk/disk.ts";
import { SYNC_WINDOW } from "../../../../src/storage/disk/write/writer.ts";
import type { PartialUpload } from "../../../../src/storage/storage.ts";
import { newUploadId } from "../../../../src/storage/upload-id.ts";
import { until } from "../../../support/server.ts";
import { bytes, chunksOf, difference, KIB, MIB } from "../../bytes.ts";
import { codeOf, file, fill } from "../../driving.ts";
import { watchRejections } from "../../rejections.ts";
import { callsWith, systemError } from "../faults.ts";
import { TemporaryRoot } from "../temporary-root.ts";
import { watchedCalls } from "../watched-calls.ts";

watchRejections();

async function begun(storage: DiskStorage, content: Uint8Array<ArrayBuffer>): Promise<PartialUpload> {
  const upload = await storage.begin(file("target"), newUploadId());
  await storage.writeMetadata(upload.id, "note");
  await fill(upload, chunksOf(content, 64 * KIB));
  return upload;
}

const resumed = async (storage: DiskStorage, { id }: PartialUpload): Promise<PartialUpload> => {
  const upload = await storage.resume(id);
  if (!upload) throw new Error("The upload does not exist.");
  return upload;
};

test("an immediate next request reuses the open file, also for small pieces", async () => {
  await using root = await TemporaryRoot.make();
  const made: string[] = [];
  const storage = await root.open({ calls: watchedCalls((name) => void made.push(name)) });
  const content = bytes(3 * MIB + 17);
  let upload = await begun(storage, content.subarray(0, 100 * KIB));
  made.length = 0;
  for (let at = 100 * KIB; at < content.length; at += 700 * KIB) {
    await upload.suspendLazily();
    upload = await resumed(storage, upload);
    expect(upload.length).toBe(at);
    await fill(upload, chunksOf(content.subarray(at, at + 700 * KIB), 64 * KIB));
  }
  expect(made).not.toContain("open");
  expect(made).not.toContain("close");
  await upload.finish(file("a"), { replace: false });
  expect(difference(await readFile(root.in("a")), content)).toBeNull();
});

test("an idle upload is written immediately, and synced and closed a moment later", async () => {
  await using root = await TemporaryRoot.make();
  const made: string[] = [];
  const storage = await root.open({ calls: watchedCalls((name) => void made.push(name)) });
  const content = bytes(MIB + 5);
  const upload = await begun(storage, content);
  await upload.suspendLazily();
  expect(difference(await readFile(root.in(`.sluice/kept/${upload.id}.data`)), content)).toBeNull();
  made.length = 0;
  await until("it is closed", () => made.includes("close"));
  expect(made).toContain("datasync");
  expect(upload.saved).toBe(content.length);
  expect((await resumed(storage, upload)).length).toBe(content.length);
});

test("at most one sync window remains unsynced", async () => {
  await using root = await TemporaryRoot.make();
  const storage = await root.open({
    calls: callsWith({ datasync: () => Bun.sleep(100) }),
  });
  const upload = await begun(storage, bytes(2 * SYNC_WINDOW));
  await upload.suspendLazily();
  expect(upload.length - upload.saved).toBeLessThanOrEqual(SYNC_WINDOW);
});

test("if that sync fails, only the bytes of the previous sync count", async () => {
  await using root = await TemporaryRoot.make();
  let broken = false;
  let failed = false;
  const storage = await root.open({
    calls: watchedCalls((name) => {
      if (name !== "datasync" || !broken) return;
      failed = true;
      throw systemError("EIO");
    }),
  });
  const first = await begun(storage, bytes(MIB, 1));
  await first.suspend();
  const second = await resumed(storage, first);
  await fill(second, [bytes(300 * KIB, 2)]);
  broken = true;
  await second.suspendLazily();
  await until("the sync failed", () => failed);
  broken = false;
  expect((await resumed(storage, first)).length).toBe(MIB);
});

test("closing the storage syncs idle uploads", async () => {
  await using root = await TemporaryRoot.make();
  const storage = await root.open();
  const upload = await begun(storage, bytes(MIB));
  await upload.suspendLazily();
  expect(upload.saved).toBeLessThan(MIB);
  await storage.close();
  expect(upload.saved).toBe(MIB);
});

test("an idle upload can be copied and deleted, and ignores a late discard", async () => {
  await using root = await TemporaryRoot.make();
  const storage = await root.open();
  const content = bytes(MIB);
  const part = await begun(storage, content);
  await part.suspendLazily();
  await part.discard();
  expect(await codeOf(part.suspend())).toBe("storage_failed");
  const whole = await begun(storage, new Uint8Array(0));
  await whole.appendFrom([part.id]);
  await whole.finish(file("a"), { replace: false });
  expect(difference(await readFile(root.in("a")), content)).toBeNull();
  await (await resumed(storage, part)).suspendLazily();
  await storage.deletePartial(part.id);
  expect(await storage.resume(part.id)).toBeNull();
});

test("at most 64 uploads are idle; further ones are closed at once", async () => {
  await using root = await TemporaryRoot.make();
  const storage = await root.open({ calls: callsWith({ datasync: async () => {}, sync: async () => {} }) });
  const uploads: PartialUpload[] = [];
  while (uploads.length < 70) uploads.push(await begun(storage, bytes(10)));
  await Promise.all(uploads.map((upload) => upload.suspendLazily()));
  expect(uploads.filter(({ saved }) => saved === 10).length).toBeGreaterThan(0);
  for (const upload of uploads) expect((await resumed(storage, upload)).length).toBe(10);
});
