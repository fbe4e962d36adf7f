// Opening a root, its contents, and roots that vanish.

import { describe, expect, test } from "bun:test";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../../../src/path.ts";
import { openDisk } from "../../../src/storage/disk/disk.ts";
import type { Storage } from "../../../src/storage/storage.ts";
import { bytes, chunksOf, KIB, MIB } from "../bytes.ts";
import { codeOf, contentOf, entriesIn, file, fill, folder, pathsOf, put, text } from "../driving.ts";
import { watchRejections } from "../rejections.ts";
import { until } from "../until.ts";
import { switchableCalls, systemError } from "./faults.ts";
import { TemporaryRoot } from "./temporary-root.ts";
import { Descriptors, watchedCalls } from "./watched-calls.ts";

watchRejections();

describe("opening", () => {
  test("creates a missing root with its parent folders", async () => {
    await using root = await TemporaryRoot.make();
    const storage = await openDisk(root.in("new", "root"));
    await put(storage, "a", "a");
    await storage.close();
    expect(await Bun.file(root.in("new", "root", "a")).text()).toBe("a");
    await root.expectDescriptors([]);
  });

  test("creates nothing in the root of a read-only server", async () => {
    await using root = await TemporaryRoot.make();
    await Bun.write(root.in("a"), "a");
    const storage = await root.open({ write: false });
    expect(await contentOf(storage, "a")).toBe("a");
    expect(await codeOf(storage.begin(file("b")))).toBe("storage_read_only");
    expect(await codeOf(storage.check())).toBe("storage_read_only");
    expect(await codeOf(storage.remove(file("a")))).toBe("storage_read_only");
    expect(await readdir(root.root)).toEqual(["a"]);
  });

  test("refuses a root that is a file", async () => {
    await using root = await TemporaryRoot.make();
    await Bun.write(root.in("file"), "x");
    for (const write of [true, false])
      expect(await codeOf(openDisk(root.in("file"), { write }))).toBeInstanceOf(Error);
    await root.expectDescriptors([]);
  });

  test("removes unfinished uploads, and touches nothing else", async () => {
    await using root = await TemporaryRoot.make();
    const storage = await root.open();
    await put(storage, "kept", "kept");
    await storage.close();
    for (let index = 0; index < 50; index += 1)
      await Bun.write(root.in(".sluice", "uploads", `${index}`), "x");
    await Bun.write(root.in(".sluice", "uploads", "folder", "file"), "x");
    await Bun.write(root.in(".sluice", "other"), "other");
    const again = await root.open();
    expect(await root.temporaries()).toEqual([]);
    expect(await Bun.file(root.in(".sluice", "other")).text()).toBe("other");
    expect(pathsOf(await entriesIn(again, ROOT))).toEqual(["kept"]);
  });

  test("repeatedly leaves no descriptor open", async () => {
    await using root = await TemporaryRoot.make();
    const descriptors = new Descriptors();
    const calls = watchedCalls(() => {}, descriptors);
    for (let round = 0; round < 20; round += 1) {
      const storage = await root.open({ calls });
      await Promise.all([storage.close(), storage.close()]);
      await storage.close();
    }
    expect(descriptors.closedTwice).toEqual([]);
    await root.expectDescriptors([]);
  });
});

test("a missing root is created, also by a read-only server, which leaves it empty", async () => {
  await using root = await TemporaryRoot.make();
  for (const write of [true, false]) {
    await rm(root.root, { recursive: true });
    const storage = await root.open({ write });
    expect(await entriesIn(storage, ROOT)).toEqual([]);
    expect(await readdir(root.root)).toEqual(write ? [".sluice"] : []);
  }
});

describe("a root that vanishes while it is served", () => {
  const ways: [name: string, go: (root: TemporaryRoot) => Promise<void>][] = [
    ["removed", ({ root }) => rm(root, { recursive: true })],
    [
      "removed and created again",
      async ({ root }) => {
        await rm(root, { recursive: true });
        await mkdir(root);
      },
    ],
  ];

  test.each(ways)("%s is reported by every call, and no descriptor is left open", async (_name, go) => {
    await using root = await TemporaryRoot.make();
    const storage = await root.open();
    await put(storage, "folder/kept", "kept");
    const before = (await root.idleDescriptors()).length;
    const uploads = await Promise.all(["a", "folder/b", "new/c"].map((path) => storage.begin(file(path))));
    for (const upload of uploads) await fill(upload, chunksOf(bytes(2 * MIB), 256 * KIB));
    await go(root);
    for (const [index, path] of ["a", "folder/b", "new/c"].entries()) {
      await uploads[index]?.append(text("more"));
      const end = await codeOf(uploads[index]?.finish(file(path), { replace: true }) ?? Promise.resolve());
      expect(end).toBe("storage_gone");
      await uploads[index]?.discard();
    }
    await expectGone(storage);
    await until("the uploads are closed", () => root.descriptors().length === before);
    await storage.close();
    await root.expectDescriptors([]);
  });

  async function expectGone(storage: Storage): Promise<void> {
    expect(await codeOf(storage.begin(file("a")))).toBe("storage_gone");
    expect(await codeOf(storage.check())).toBe("storage_gone");
    expect(await codeOf(storage.find(file("folder/kept")))).toBe("storage_gone");
    expect(await codeOf(storage.open(file("folder/kept")))).toBe("storage_gone");
    expect(await codeOf(entriesIn(storage, folder("folder")))).toBe("storage_gone");
    expect(await codeOf(storage.remove(file("folder/kept")))).toBe("storage_gone");
  }

  test("and is renamed is missing for readers and writers: nothing is saved where nobody looks for it", async () => {
    await using root = await TemporaryRoot.make();
    const storage = await root.open();
    const upload = await storage.begin(file("a"));
    await upload.append(text("a"));
    const moved = join(root.outside, "moved");
    await rename(root.root, moved);
    expect(await codeOf(entriesIn(storage, ROOT))).toBe("storage_gone");
    expect(await codeOf(storage.find(file("a")))).toBe("storage_gone");
    expect(await codeOf(storage.check())).toBe("storage_gone");
    expect(await codeOf(upload.finish(file("a"), { replace: false }))).toBe("storage_gone");
    await upload.discard();
    expect(await codeOf(storage.begin(file("a")))).toBe("storage_gone");
    expect(await codeOf(storage.makeFolder(file("b")))).toBe("storage_gone");
    expect(await readdir(moved)).toEqual([".sluice"]);
    await rename(moved, root.root);
    await put(storage, "a", "a");
    expect(await contentOf(storage, "a")).toBe("a");
  });

  test("and is created again is another folder, which is not listed or read", async () => {
    await using root = await TemporaryRoot.make();
    const storage = await root.open();
    await put(storage, "folder/a", "old");
    await rm(root.root, { recursive: true });
    await Bun.write(root.in("folder", "a"), "new");
    expect(await codeOf(entriesIn(storage, ROOT))).toBe("storage_gone");
    expect(await codeOf(entriesIn(storage, folder("folder")))).toBe("storage_gone");
    expect(await codeOf(storage.open(file("folder/a")))).toBe("storage_gone");
    expect(root.descriptors().filter((path) => path.endsWith("/a"))).toEqual([]);
  });

  test("without the server's own folder accepts no uploads, but can still be read", async () => {
    await using root = await TemporaryRoot.make();
    const storage = await root.open();
    await put(storage, "kept", "kept");
    await rm(root.in(".sluice"), { recursive: true });
    expect(await codeOf(storage.begin(file("a")))).toBe("storage_gone");
    expect(await codeOf(storage.check())).toBe("storage_gone");
    expect(await contentOf(storage, "kept")).toBe("kept");
    expect(await storage.find(file("a"))).toBeNull();
  });
});

describe("space", () => {
  test("is read once for concurrent callers, and again after a failure", async () => {
    await using root = await TemporaryRoot.make();
    const calls = switchableCalls();
    const storage = await root.open({ calls });
    const { statfs } = calls;
    let asked = 0;
    calls.statfs = async () => {
      asked += 1;
      throw systemError("EIO");
    };
    expect(await codeOf(storage.space())).toBe("storage_failed");
    expect(await codeOf(storage.space())).toBe("storage_failed");
    expect(asked).toBe(2);
    calls.statfs = async (path) => {
      asked += 1;
      return await statfs(path);
    };
    const answers = await Promise.all(Array.from({ length: 1000 }, () => storage.space()));
    expect(asked).toBe(3);
    expect(new Set(answers.map(({ total }) => total)).size).toBe(1);
  });
});
