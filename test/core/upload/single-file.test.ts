// A body that is one file: saved completely, or not at all.

import { expect, test } from "bun:test";
import { saveSingleFile } from "../../../src/core/upload/single-file.ts";
import { bodyOf, pathsIn, requestFor, textOf, uploaderWith } from "../../support/uploader.ts";

const nothing = (): void => {};

test("all chunks are saved in order, and `saving` is called after the last byte", async () => {
  const uploader = uploaderWith();
  const events: string[] = [];
  const body = bodyOf(["hello ", "wor", "ld"]);
  await saveSingleFile(uploader, body, requestFor("a"), () => events.push(`saving after ${body.received}`));
  expect(await textOf(uploader.storage, "a")).toBe("hello world");
  expect(events).toEqual(["saving after 11"]);
});

test("without a body an empty file is saved", async () => {
  const uploader = uploaderWith();
  const { file } = await saveSingleFile(uploader, bodyOf([]), requestFor("a"), nothing);
  expect(file).toMatchObject({ size: 0, flow: { bytes: 0 } });
  expect(await textOf(uploader.storage, "a")).toBe("");
});

test("a body that is cut off leaves nothing, and `saving` is not called", async () => {
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

test("a body over the limit is not read to its end", async () => {
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

test("reading waits for the disk: at most one chunk is read ahead", async () => {
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
