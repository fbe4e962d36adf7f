// Bulk work on its thread: what a removal deletes and what it must not touch, and which bytes a copy has.

import { describe, expect, test } from "bun:test";
import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { exists, mkdir, readdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BulkThread } from "../../../../src/storage/disk/bulk/bulk-thread.ts";
import { skipped } from "../../../support/switches.ts";
import { bytes, difference, MIB } from "../../bytes.ts";
import { Canary } from "../canary.ts";
import { Mount, whyNoMounts } from "../faults.ts";
import { TemporaryRoot } from "../temporary-root.ts";

const thread = new BulkThread();
await using somewhere = await TemporaryRoot.make();
const noMounts = await whyNoMounts(somewhere.root);
if (noMounts !== null) skipped("bulk work on mounted file systems", noMounts, "run it as root on Linux");
const removeTree = (path: string) => thread.run({ do: "removeTree", path });

describe("a removal", () => {
  test("deletes files, folders, links and names that are not text", async () => {
    await using root = await TemporaryRoot.make();
    const canary = await Canary.make(root);
    await mkdir(root.in("tree/a/b"), { recursive: true });
    for (const path of ["tree/1", "tree/a/2", "tree/a/b/3"]) await writeFile(root.in(path), path);
    await writeFile(Buffer.concat([Buffer.from(root.in("tree/a/")), Buffer.from([0xe9, 0x5c])]), "x");
    await symlink(canary.folder, root.in("tree/a/folder"));
    await symlink(canary.file, root.in("tree/a/file"));
    await removeTree(root.in("tree"));
    expect(await readdir(root.root)).toEqual([]);
    expect(await canary.touched()).toBeNull();
  });

  test("deletes a link itself, and does nothing where nothing is", async () => {
    await using root = await TemporaryRoot.make();
    const canary = await Canary.make(root);
    await symlink(canary.folder, root.in("link"));
    await removeTree(root.in("link"));
    await removeTree(root.in("link"));
    expect(await exists(root.in("link"))).toBe(false);
    expect(await canary.touched()).toBeNull();
  });

  test("deletes a tree of 300 levels with few descriptors", async () => {
    await using root = await TemporaryRoot.make();
    // Built from the bottom, since no path this long can be opened.
    await mkdir(root.in("0"));
    for (let level = 1; level < 300; level++) {
      await mkdir(root.in(`${level}`));
      await writeFile(root.in(`${level}`, "file"), "x");
      await rename(root.in(`${level - 1}`), root.in(`${level}`, "d"));
    }
    await removeTree(root.in("299"));
    expect(await readdir(root.root)).toEqual([]);
  });

  test.skipIf(noMounts !== null)("never enters another file system", async () => {
    await using root = await TemporaryRoot.make();
    await mkdir(root.in("tree/mounted"), { recursive: true });
    await using _mount = await Mount.tmpfs(root.in("tree/mounted"), "size=1m");
    await writeFile(root.in("tree/mounted/file"), "x");
    await expect(removeTree(root.in("tree"))).rejects.toMatchObject({ code: "EBUSY" });
    expect(await readdir(root.in("tree/mounted"))).toEqual(["file"]);
  });

  test("reports the error of the system", async () => {
    await using root = await TemporaryRoot.make();
    await writeFile(root.in("file"), "x");
    await expect(removeTree(root.in("file/below"))).rejects.toMatchObject({ code: "ENOTDIR" });
    await expect(thread.run({ do: "unlink", path: root.in("none") })).rejects.toMatchObject({
      code: "ENOENT",
    });
  });
});

describe("a copy of a range", () => {
  const content = bytes(5 * MIB + 123, 1);

  test.each([
    ["a new file", 0],
    ["a file open with O_APPEND, which copy_file_range() refuses", constants.O_APPEND],
  ])("has the bytes in %s", async (_, flag) => {
    await using root = await TemporaryRoot.make();
    await writeFile(root.in("from"), content);
    const from = openSync(root.in("from"), constants.O_RDONLY);
    const to = openSync(root.in("to"), constants.O_WRONLY | constants.O_CREAT | flag, 0o600);
    writeSync(to, "before");
    const range = { from, fromAt: 100, to, toAt: 6, length: 10 * MIB };
    expect(await thread.run({ do: "copyRange", ...range })).toBe(content.length - 100);
    for (const fd of [from, to]) closeSync(fd);
    const expected = Buffer.concat([Buffer.from("before"), content.subarray(100)]);
    expect(difference(readFileSync(root.in("to")), expected)).toBeNull();
  });

  test.skipIf(noMounts !== null)("on a full disk fails with ENOSPC", async () => {
    await using root = await TemporaryRoot.make();
    await writeFile(root.in("from"), content);
    await mkdir(root.in("small"));
    await using _mount = await Mount.tmpfs(root.in("small"), "size=3m");
    const from = openSync(root.in("from"), constants.O_RDONLY);
    const to = openSync(join(root.in("small"), "to"), constants.O_WRONLY | constants.O_CREAT, 0o600);
    try {
      const range = { from, fromAt: 0, to, toAt: 0, length: content.length };
      await expect(thread.run({ do: "copyRange", ...range })).rejects.toMatchObject({ code: "ENOSPC" });
    } finally {
      ftruncateSync(to, 0);
      for (const fd of [from, to]) closeSync(fd);
    }
  });
});
