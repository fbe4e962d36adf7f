// The conflict policy before any bytes are transferred: the problem for each existing entry.

import { describe, expect, test } from "bun:test";
import type { Conflict } from "../../../src/config/config.ts";
import { refuseEarly } from "../../../src/core/naming/conflict.ts";
import { CopyOperation } from "../../../src/core/tree/copy.ts";
import { Problem } from "../../../src/errors.ts";
import { checkFilePath } from "../../../src/path.ts";
import type { Entry } from "../../../src/storage/entry.ts";
import { bytesOf, pathsIn, requestFor, uploaderWith } from "../../support/uploader.ts";

/** An uploader whose storage contains the files `file`, `taken` and `folder/inside`. */
async function uploaderWithFiles(limits: Parameters<typeof uploaderWith>[0] = {}) {
  const uploader = uploaderWith(limits);
  for (const path of ["file", "taken", "folder/inside"]) {
    const upload = await uploader.begin(requestFor(path));
    await upload.write(bytesOf("old"));
    await upload.finish();
  }
  return uploader;
}

/** The code of the early refusal, null if there is none. */
async function refusal(
  source: Entry["kind"] | "upload",
  conflict: Conflict,
  destination: string,
  replace = true,
): Promise<string | null> {
  const uploader = await uploaderWithFiles();
  const current = await uploader.storage.probe(checkFilePath(destination));
  try {
    refuseEarly({ conflict, may: { replace } }, source, current);
    return null;
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
}

describe("an early refusal", () => {
  const cases: [Entry["kind"] | "upload", Conflict, string, string | null][] = [
    ["upload", "fail", "folder", "is_folder"],
    ["file", "fail", "folder", "name_taken"],
    ["folder", "fail", "folder", "name_taken"],
    ["upload", "replace", "folder", "is_folder"],
    ["file", "replace", "folder", "is_folder"],
    ["folder", "replace", "folder", "name_taken"],
    ["upload", "fail", "taken", "name_taken"],
    ["file", "fail", "taken", "name_taken"],
    ["folder", "replace", "taken", "name_taken"],
    ["upload", "replace", "taken", null],
    ["file", "replace", "taken", null],
    ["upload", "rename", "folder", null],
    ["file", "rename", "folder", null],
    ["folder", "rename", "taken", null],
    ["upload", "fail", "new", null],
    ["file", "fail", "new", null],
  ];
  test.each(cases)("of %s with conflict=%s onto %s: %p", async (source, conflict, destination, code) => {
    expect(await refusal(source, conflict, destination)).toBe(code);
  });

  test.each(["upload", "file"] as const)("of %s without the grant to replace", async (source) => {
    expect(await refusal(source, "replace", "taken", false)).toBe("not_allowed");
    expect(await refusal(source, "replace", "folder", false)).toBe("is_folder");
  });
});

describe("a file onto a folder with conflict=fail", () => {
  test("is_folder for an upload", async () => {
    const uploader = await uploaderWithFiles();
    await expect(uploader.begin(requestFor("folder", { conflict: "fail" }))).rejects.toMatchObject({
      code: "is_folder",
    });
  });

  test("name_taken for a copy, which leaves nothing behind", async () => {
    const uploader = await uploaderWithFiles();
    const [from, to] = [checkFilePath("file"), checkFilePath("folder")];
    const request = { from, to, conflict: "fail", may: { replace: true } } as const;
    await expect(CopyOperation.begin(uploader, request)).rejects.toMatchObject({ code: "name_taken" });
    expect(pathsIn(uploader.storage)).toEqual(["file", "folder/inside", "taken"]);
    expect(uploader.slots.taken).toBe(0);
  });
});
