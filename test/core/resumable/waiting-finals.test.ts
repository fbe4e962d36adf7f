// Finals that wait for their parts: when they are concatenated, when they are tried again, and when they expire.

import { expect, test } from "bun:test";
import type { UploadSession } from "../../../src/core/resumable/session.ts";
import { Problem } from "../../../src/errors.ts";
import { checkFolderPath } from "../../../src/path.ts";
import { until } from "../../support/server.ts";
import { append, creation, open } from "../../support/upload-registry.ts";
import { textOf } from "../../support/uploader.ts";

const LOCK = {
  depth: "0",
  scope: "exclusive",
  owner: "",
  account: null,
  client: undefined,
  seconds: 60,
} as const;

type Uploads = Awaited<ReturnType<typeof open>>["uploads"];

const part = (uploads: Uploads, name: string) =>
  uploads.create(creation(name, { concat: { kind: "partial" } }));

async function final(uploads: Uploads, parts: UploadSession[]): Promise<UploadSession> {
  const ids = parts.map(({ record }) => record.id);
  return await uploads.create(creation("a.txt", { size: null, concat: { kind: "final", urls: ids, ids } }));
}

test("no upload of a concatenation expires while a part of it is being sent", async () => {
  const { uploads } = await open();
  const [one, two] = [await part(uploads, "one"), await part(uploads, "two")];
  const whole = await final(uploads, [one, two]);
  await append(one, 0, "abcdef");
  for (const upload of [one, whole]) upload.activity.touch(0, -1e9);
  for (const { record } of [one, two, whole]) expect(await uploads.find(record.id)).toBeDefined();
  two.activity.touch(0, -1e9);
  await expect(uploads.find(whole.record.id)).rejects.toMatchObject({ code: "upload_gone" });
});

test("a concatenation that failed for want of space is tried again, and reported once", async () => {
  let full = true;
  const { uploads, storage } = await open({
    delay: (step) =>
      step === "publish" && full ? Promise.reject(new Problem("storage_full", "Full.")) : undefined,
  });
  const failures: string[] = [];
  uploads.finals.start({ saved: () => {}, failed: (path, { code }) => failures.push(`${path} ${code}`) });
  const one = await part(uploads, "one");
  const whole = await final(uploads, [one]);
  await append(one, 0, "abcdef");
  await until("it failed", () => failures.length > 0);
  uploads.sweep();
  await until("it was tried again", () => !whole.lock.busy);
  full = false;
  uploads.sweep();
  await until("it is saved", () => whole.complete);
  expect(await textOf(storage, "a.txt")).toBe("abcdef");
  expect(failures).toEqual(["a.txt storage_full"]);
});

test("a concatenation to a path that is locked is tried again, and saved when the lock is released", async () => {
  const { uploads } = await open();
  const { locks } = uploads.uploader;
  const failures: string[] = [];
  uploads.finals.start({ saved: () => {}, failed: (path, { code }) => failures.push(`${path} ${code}`) });
  const one = await part(uploads, "one");
  const whole = await final(uploads, [one]);
  const { token } = await locks.create({ ...LOCK, path: checkFolderPath("a.txt") });
  await append(one, 0, "abcdef");
  await until("it failed", () => failures.length > 0);
  await locks.remove(token, checkFolderPath("a.txt"), { account: null });
  uploads.sweep();
  await until("it is saved", () => whole.complete);
  expect(failures).toEqual(["a.txt locked"]);
});

test("a final that was cancelled is not concatenated", async () => {
  const { uploads } = await open();
  const saved: string[] = [];
  uploads.finals.start({ saved: ({ path }) => saved.push(path), failed: (path) => saved.push(path) });
  const [one, two] = [await part(uploads, "one"), await part(uploads, "two")];
  const whole = await final(uploads, [one, two]);
  await append(one, 0, "abcdef");
  await uploads.remove(whole.record.id);
  await append(two, 0, "abcdef");
  await uploads.finals.close();
  expect(saved).toEqual([]);
});
