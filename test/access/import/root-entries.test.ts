// Tests of looking up paths below the root.

import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootEntries } from "../../../src/access/import/root-entries.ts";
import { checkFolderPath, ROOT } from "../../../src/path.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-import-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("files and folders are found, and links out of the root are not followed", () => {
  const root = join(folder, "root");
  mkdirSync(join(root, "a/b"), { recursive: true });
  writeFileSync(join(root, "a/file.txt"), "x");
  mkdirSync(join(folder, "canary"));
  symlinkSync(join(folder, "canary"), join(root, "out"));
  symlinkSync("a/file.txt", join(root, "inside"));
  mkdirSync(join(root, "..dots"));
  Bun.spawnSync(["mkfifo", join(root, "pipe")]);
  const kindOf = rootEntries(root);
  expect(kindOf(ROOT)).toBe("folder");
  const kinds = ["a/b", "a/file.txt", "inside", "..dots", "out", "pipe", "a/missing", "a/file.txt/x"].map(
    (path) => kindOf(checkFolderPath(path)),
  );
  expect(kinds).toEqual(["folder", "file", "file", "folder", undefined, undefined, undefined, undefined]);
  expect(rootEntries(join(folder, "missing"))(ROOT)).toBeUndefined();
});
