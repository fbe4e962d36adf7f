// The engine before a byte is read: what it lets in, what it refuses, and that a refusal leaves nothing behind.

import { describe, expect, test } from "bun:test";
import type { Intent } from "../../../src/core/upload/uploader.ts";
import { Problem } from "../../../src/errors.ts";
import { bytesOf, engineWith, intentFor, pathsIn } from "../../support/engine.ts";

/** An engine whose storage holds `taken` (a file) and `folder/inside`. */
async function engineWithFiles(limits: Parameters<typeof engineWith>[0] = {}) {
  const engine = engineWith(limits);
  for (const path of ["taken", "folder/inside"]) await save(engine, path, "old");
  return engine;
}

async function save(engine: ReturnType<typeof engineWith>, path: string, text: string) {
  const upload = await engine.begin(intentFor(path));
  await upload.write(bytesOf(text));
  return (await upload.finish()).file;
}

describe("a refusal before the first byte", () => {
  const cases: [string, string, Partial<Intent>, string][] = [
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
    const engine = await engineWithFiles({ maxFileSize: 1000 });
    await expect(engine.begin(intentFor(path, more))).rejects.toMatchObject({ code });
    expect(engine.running.size).toBe(0);
    expect(pathsIn(engine.storage)).toEqual(["folder/inside", "taken"]);
  });

  test("without the grant to replace, and says which one is missing", async () => {
    const strict = await engineWithFiles({ allow: new Set(["read", "write"]) });
    await expect(strict.begin(intentFor("taken"))).rejects.toMatchObject({
      code: "not_allowed",
      status: 403,
      detail: expect.stringMatching(/`replace`.*--allow read,write,replace/),
    });
    await (await strict.begin(intentFor("taken", { conflict: "rename" }))).discard();
  });

  test("when the announced length would eat what is kept free", async () => {
    const engine = engineWith({ keepFree: 100 }, { capacity: 1000 });
    await expect(engine.begin(intentFor("a", { size: 901 }))).rejects.toMatchObject({ code: "storage_full" });
    const upload = await engine.begin(intentFor("a", { size: 900 }));
    await expect(engine.begin(intentFor("b", { size: 1 }))).rejects.toMatchObject({ code: "storage_full" });
    await upload.discard();
    await (await engine.begin(intentFor("b", { size: 900 }))).discard();
  });

  test("of the storage gives the promised space back", async () => {
    let broken = true;
    const delay = () => (broken ? Promise.reject(new Problem("storage_failed", "No.")) : undefined);
    const engine = engineWith({}, { capacity: 1000, delay });
    await expect(engine.begin(intentFor("a", { size: 1000 }))).rejects.toMatchObject({
      code: "storage_failed",
    });
    expect(engine.running.size).toBe(0);
    broken = false;
    await (await engine.begin(intentFor("a", { size: 1000 }))).discard();
  });
});

describe("what is no refusal", () => {
  test.each<[string, string, Partial<Intent>]>([
    ["a taken name that is asked to be renamed", "taken", { conflict: "rename" }],
    ["a folder's name that is asked to be renamed", "folder", { conflict: "rename" }],
    ["a file that must exist", "taken", { conditions: { ifMatch: "*" } }],
    ["exactly the largest size", "new", { size: 1000 }],
  ])("%s", async (_, path, more) => {
    const engine = await engineWithFiles({ maxFileSize: 1000 });
    const upload = await engine.begin(intentFor(path, more));
    expect(engine.running.size).toBe(1);
    await upload.discard();
    expect(engine.running.size).toBe(0);
  });
});

describe("admission", () => {
  test("as many requests as --max-uploads, and each gives its place back", () => {
    const engine = engineWith({ maxUploads: 1 });
    const release = engine.admit();
    expect(() => engine.admit()).toThrow(expect.objectContaining({ code: "too_many_uploads" }));
    release();
    engine.admit()();
  });

  test("nothing new while the server drains, and what runs goes on", async () => {
    const engine = engineWith();
    const upload = await engine.begin(intentFor("a"));
    engine.drain();
    expect(engine.draining).toBe(true);
    expect(() => engine.admit()).toThrow(
      expect.objectContaining({ code: "draining", status: 503, headers: { "retry-after": "10" } }),
    );
    expect((await upload.finish()).file.path).toBe(intentFor("a").path);
  });
});
