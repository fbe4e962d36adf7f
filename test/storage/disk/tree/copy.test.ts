// Copies on the disk: file attributes, maximum depth, and cancellation.

import { expect, test } from "bun:test";
import { chmod, lstat, mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { copy } from "../../contract/copying.ts";
import { codeOf, file } from "../../driving.ts";
import { TemporaryRoot } from "../temporary-root.ts";

test("a copy keeps the permissions of a file, and its times if it is part of a move", async () => {
  await using root = await TemporaryRoot.make();
  const storage = await root.open();
  await mkdir(root.in("folder/inner"), { recursive: true });
  await writeFile(root.in("folder/inner/file"), "x");
  const then = new Date("2001-02-03T04:05:06.789Z");
  for (const path of ["folder/inner/file", "folder/inner"]) {
    await chmod(root.in(path), 0o750);
    await utimes(root.in(path), then, then);
  }
  for (const move of [false, true]) {
    for (const [from, to] of [
      ["folder", "folder-2"],
      ["folder/inner/file", "file-2"],
    ] as const) {
      const copying = await storage.copy(file(from), file(to));
      await copying.run({ signal: new AbortController().signal, took: () => undefined, move });
      await copying.finish(file(to), { replace: false });
      await copying.discard();
    }
    for (const path of ["folder-2/inner", "folder-2/inner/file", "file-2"]) {
      const { mode, mtimeMs } = await lstat(root.in(path));
      if (path !== "folder-2/inner") expect(mode & 0o777).toBe(0o750);
      expect({ path, same: Math.abs(mtimeMs - then.getTime()) < 1 }).toEqual({ path, same: move });
    }
    await storage.remove(file("folder-2"), { recursive: true });
    await storage.remove(file("file-2"));
  }
});

test("a copy that would exceed the maximum depth is refused and leaves nothing", async () => {
  await using root = await TemporaryRoot.make();
  const storage = await root.open();
  await mkdir(root.in("folder", ..."d".repeat(90)), { recursive: true });
  expect(await codeOf(copy(storage, "folder", "new"))).toBe("invalid_path");
  expect(await root.temporaries()).toEqual([]);
  expect((await readdir(root.root)).sort()).toEqual([".sluice", "folder"]);
});

test("a copy of a large file ends soon after it is aborted, and leaves nothing", async () => {
  await using root = await TemporaryRoot.make();
  const storage = await root.open();
  await writeFile(root.in("large"), new Uint8Array(40 * 1024 * 1024));
  const copying = await storage.copy(file("large"), file("copy"));
  const cancel = new AbortController();
  let done = 0;
  const took = (bytes: number): undefined => {
    done += bytes;
    if (done > 5_000_000) cancel.abort(new RangeError("enough"));
  };
  await expect(copying.run({ signal: cancel.signal, took })).rejects.toThrow("enough");
  expect(done).toBeLessThan(8_000_000);
  await copying.discard();
  expect(await root.temporaries()).toEqual([]);
});
