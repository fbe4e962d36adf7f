// The uploader before a byte is read: what it accepts and refuses, and that a refusal leaves nothing behind.

import { describe, expect, test } from "bun:test";
import type { UploadRequest } from "../../../src/core/upload/upload-request.ts";
import { Problem } from "../../../src/errors.ts";
import { bytesOf, pathsIn, requestFor, uploaderWith } from "../../support/uploader.ts";

/** An uploader whose storage contains `taken` (a file) and `folder/inside`. */
async function uploaderWithFiles(limits: Parameters<typeof uploaderWith>[0] = {}) {
  const uploader = uploaderWith(limits);
  for (const path of ["taken", "folder/inside"]) await save(uploader, path, "old");
  return uploader;
}

async function save(uploader: ReturnType<typeof uploaderWith>, path: string, text: string) {
  const upload = await uploader.begin(requestFor(path));
  await upload.write(bytesOf(text));
  return (await upload.finish()).file;
}

describe("a refusal before the first byte", () => {
  const cases: [string, string, Partial<UploadRequest>, string][] = [
    ["a file is larger than allowed", "new", { size: 1001 }, "file_too_large"],
    ["a folder has the name", "folder", {}, "is_folder"],
    ["a folder has the name and nothing may be replaced", "folder", { conflict: "fail" }, "is_folder"],
    ["the name is taken", "taken", { conflict: "fail" }, "name_taken"],
    ["a file is where a folder should be", "taken/x", {}, "not_a_folder"],
    ["it must not exist", "taken", { conditions: { ifNoneMatch: "*" } }, "precondition_failed"],
    ["it must exist", "new", { conditions: { ifMatch: "*" } }, "precondition_failed"],
    ["it must be another one", "taken", { conditions: { ifMatch: ['"x"'] } }, "precondition_failed"],
    ["it is too new", "taken", { conditions: { ifUnmodifiedSince: 0 } }, "precondition_failed"],
  ];
  test.each(cases)("%s", async (_, path, more, code) => {
    const uploader = await uploaderWithFiles({ maxFileSize: 1000 });
    await expect(uploader.begin(requestFor(path, more))).rejects.toMatchObject({ code });
    expect(uploader.activeUploads.size).toBe(0);
    expect(pathsIn(uploader.storage)).toEqual(["folder/inside", "taken"]);
  });

  test("without the grant to replace, and names the missing grant", async () => {
    const strict = await uploaderWithFiles();
    const may = { replace: false, read: true };
    await expect(strict.begin(requestFor("taken", { may }))).rejects.toMatchObject({
      code: "not_allowed",
      status: 403,
      detail: expect.stringMatching(/`replace`.*--allow read,write,replace/),
    });
    await (await strict.begin(requestFor("taken", { conflict: "rename", may }))).discard();
  });

  test("when the announced length would use space below --keep-free", async () => {
    const uploader = uploaderWith({ keepFree: 100 }, { capacity: 1000 });
    await expect(uploader.begin(requestFor("a", { size: 901 }))).rejects.toMatchObject({
      code: "storage_full",
    });
    const upload = await uploader.begin(requestFor("a", { size: 900 }));
    await expect(uploader.begin(requestFor("b", { size: 1 }))).rejects.toMatchObject({
      code: "storage_full",
    });
    await upload.discard();
    await (await uploader.begin(requestFor("b", { size: 900 }))).discard();
  });

  test("by the storage releases the reserved space", async () => {
    let broken = true;
    const delay = () => (broken ? Promise.reject(new Problem("storage_failed", "No.")) : undefined);
    const uploader = uploaderWith({}, { capacity: 1000, delay });
    await expect(uploader.begin(requestFor("a", { size: 1000 }))).rejects.toMatchObject({
      code: "storage_failed",
    });
    expect(uploader.activeUploads.size).toBe(0);
    broken = false;
    await (await uploader.begin(requestFor("a", { size: 1000 }))).discard();
  });
});

describe("an accepted upload", () => {
  test.each<[string, string, Partial<UploadRequest>]>([
    ["a taken name that is asked to be renamed", "taken", { conflict: "rename" }],
    ["a folder's name that is asked to be renamed", "folder", { conflict: "rename" }],
    ["a file that must exist", "taken", { conditions: { ifMatch: "*" } }],
    ["exactly the largest size", "new", { size: 1000 }],
  ])("%s", async (_, path, more) => {
    const uploader = await uploaderWithFiles({ maxFileSize: 1000 });
    const upload = await uploader.begin(requestFor(path, more));
    expect(uploader.activeUploads.size).toBe(1);
    await upload.discard();
    expect(uploader.activeUploads.size).toBe(0);
  });
});

describe("admission", () => {
  test("admits --max-uploads requests, and another one when one has ended", () => {
    const uploader = uploaderWith({ maxUploads: 1 });
    const release = uploader.admit();
    expect(() => uploader.admit()).toThrow(expect.objectContaining({ code: "too_many_uploads" }));
    release();
    uploader.admit()();
  });

  test("refuses new uploads while the server drains, and running ones continue", async () => {
    const uploader = uploaderWith();
    const upload = await uploader.begin(requestFor("a"));
    uploader.drain();
    expect(uploader.draining).toBe(true);
    expect(() => uploader.admit()).toThrow(
      expect.objectContaining({ code: "draining", status: 503, headers: { "retry-after": "10" } }),
    );
    expect((await upload.finish()).file.path).toBe(requestFor("a").path);
  });
});
