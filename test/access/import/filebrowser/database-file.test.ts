// Tests of reading a database file into memory.

import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readDatabaseFile } from "../../../../src/access/import/filebrowser/database-file.ts";
import { ImportError } from "../../../../src/access/import/model.ts";
import { small } from "./fixtures.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-import-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a file is read whole", () => {
  const file = join(folder, "filebrowser.db");
  writeFileSync(file, small);
  expect(readDatabaseFile(file)).toEqual(small);
});

test("a missing file, a folder, a pipe and a huge file are refused at once", () => {
  const pipe = join(folder, "pipe");
  Bun.spawnSync(["mkfifo", pipe]);
  const huge = join(folder, "huge");
  writeFileSync(huge, "");
  truncateSync(huge, 2 ** 40);
  for (const [file, reason] of [
    [join(folder, "missing"), "ENOENT"],
    [folder, "not a file"],
    [pipe, "not a file"],
    [huge, "larger than 256 MiB"],
  ] as const) {
    expect(() => readDatabaseFile(file)).toThrow(ImportError);
    expect(() => readDatabaseFile(file)).toThrow(reason);
  }
});
