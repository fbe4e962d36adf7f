// A body that is one file: saved whole, or not at all.

import { expect, test } from "bun:test";
import { saveSingleFile } from "../../../src/core/upload/single-file.ts";
import { bodyOf, pathsIn, requestFor, textOf, uploaderWith } from "../../support/uploader.ts";

const nothing = (): void => {};

test("all chunks in order, and a word when only this server is still at work", async () => {
  const uploader = uploaderWith();
  const events: string[] = [];
  const body = bodyOf(["hello ", "wor", "ld"]);
  await saveSingleFile(uploader, body, requestFor("a"), () => events.push(`saving after ${body.received}`));
  expect(await textOf(uploader.storage, "a")).toBe("hello world");
  expect(events).toEqual(["saving after 11"]);
});

test("no body is an empty file", async () => {
  const uploader = uploaderWith();
  const { file } = await saveSingleFile(uploader, bodyOf([]), requestFor("a"), nothing);
  expect(file).toMatchObject({ size: 0, flow: { bytes: 0 } });
  expect(await textOf(uploader.storage, "a")).toBe("");
});

test("a body that breaks off leaves nothing, and is never said to be saving", async () => {
  const uploader = uploaderWith();
  const broken = bodyOf(["hello", () => Promise.reject(new Error("gone"))]);
  let saving = false;
  const saved = saveSingleFile(uploader, broken, requestFor("a"), () => {
    saving = true;
  });
  await expect(saved).rejects.toMatchObject({ code: "body_incomplete" });
  expect(saving).toBe(false);
  expect(pathsIn(uploader.storage)).toEqual([]);
  expect(uploader.activeUploads.size).toBe(0);
});

test("a body over the limit is not read on", async () => {
  const uploader = uploaderWith({ maxFileSize: 1000 });
  const body = bodyOf([600, 600, 600, 600]);
  await expect(saveSingleFile(uploader, body, requestFor("a"), nothing)).rejects.toMatchObject({
    code: "file_too_large",
  });
  expect(body.received).toBe(1200);
  expect(uploader.activeUploads.size).toBe(0);
});

test("a refusal reads nothing of the body", async () => {
  const uploader = uploaderWith({ maxFileSize: 10 });
  const body = bodyOf(["hello"]);
  await expect(saveSingleFile(uploader, body, requestFor("a", { size: 11 }), nothing)).rejects.toMatchObject({
    code: "file_too_large",
  });
  expect(body.received).toBe(0);
});

test("the sender waits for the disk: no more than one chunk is ahead of it", async () => {
  let writing = 0;
  let most = 0;
  const delay = () => {
    writing += 1;
    most = Math.max(most, writing);
    return Bun.sleep(1).then(() => {
      writing -= 1;
    });
  };
  const uploader = uploaderWith({}, { delay });
  await saveSingleFile(uploader, bodyOf(Array.from({ length: 20 }, () => 10)), requestFor("a"), nothing);
  expect(most).toBe(1);
});
