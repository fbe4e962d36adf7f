// Full and read-only disks: small in-memory file systems, mounted for each test.

import { describe, expect, test } from "bun:test";
import { mkdir, readdir, statfs, writeFile } from "node:fs/promises";
import { ROOT } from "../../../src/path.ts";
import { type DiskStorage, openDisk } from "../../../src/storage/disk/disk.ts";
import { newTrashId, type TrashId } from "../../../src/storage/trash.ts";
import { skipped } from "../../support/switches.ts";
import { bytes, chunksOf, KIB, MIB } from "../bytes.ts";
import { codeOf, contentOf, entriesIn, file, fill, pathsOf, put } from "../driving.ts";
import { watchRejections } from "../rejections.ts";
import { until } from "../until.ts";
import { Mount, whyNoMounts } from "./faults.ts";
import { TemporaryRoot } from "./temporary-root.ts";

const reason = await (async () => {
  await using root = await TemporaryRoot.make();
  return await whyNoMounts(root.root);
})();
if (reason !== null) skipped("tests of a full disk", reason, "run it as root on Linux");

watchRejections();

/** A root on its own file system, with one file. */
async function withMount(
  options: string,
  inside: (storage: DiskStorage, root: TemporaryRoot, mount: Mount) => Promise<void>,
): Promise<void> {
  await using root = await TemporaryRoot.make();
  await using mount = await Mount.tmpfs(root.root, options);
  const storage = await root.open();
  try {
    await put(storage, "kept", "kept");
    const before = await root.idleDescriptors();
    await inside(storage, root, mount);
    await root.expectDescriptors(before);
    expect(await root.temporaries()).toEqual([]);
    expect(await contentOf(storage, "kept")).toBe("kept");
  } finally {
    await storage.close();
  }
}

/** Takes all space that is left. */
async function fillUp(root: TemporaryRoot): Promise<void> {
  await writeFile(root.in("filler"), new Uint8Array(MIB)).catch(() => {});
  const { bavail } = await statfs(root.root);
  expect(bavail).toBe(0);
}

/** Appends until it fails. @returns the code of the problem */
async function codeOfPut(storage: DiskStorage, path: string, size: number, length: number): Promise<unknown> {
  const upload = await storage.begin(file(path));
  const end = await codeOf(
    fill(upload, chunksOf(bytes(size), length)).then(() => upload.finish(file(path), { replace: true })),
  );
  await upload.discard();
  return end;
}

describe.skipIf(reason !== null)("a disk without space", () => {
  test("deletes into the trash all the same, and gives everything back under its path", async () => {
    await withMount("size=512k", async (storage, root) => {
      const deep = Array.from({ length: 8 }, (_, index) => `${index} é% `.repeat(8) + index).join("/");
      const long = `${"é".repeat(120)}.name`;
      for (const path of ["a", "50 %/b%2Fc", deep, long, "folder/inner"]) await put(storage, path, path);
      await storage.trash.ids();
      await fillUp(root);
      const ids = new Map<string, TrashId>();
      for (const path of ["a", "50 %/b%2Fc", deep, long, "folder"]) {
        const id = newTrashId(Date.now(), storage.age);
        await storage.trash.put(file(path), id, { recursive: true });
        ids.set(path, id);
      }
      expect((await readdir(root.in(".sluice/trash"))).filter((name) => name.endsWith(".note"))).toEqual([]);
      expect((await storage.trash.ids()).sort()).toEqual([...ids.values()].sort());
      for (const [path, id] of ids) {
        const found = await storage.trash.find(id);
        // A path that is too long for a name keeps its end.
        expect(path.endsWith(found?.path ?? "nothing")).toBe(true);
        if (path.length < 100) expect(found?.path).toBe(file(path));
        if (path === "a") {
          await storage.trash.remove(id);
          expect(await storage.trash.find(id)).toBeNull();
          continue;
        }
        await storage.trash.restore(id, file(path), { replace: false });
        if (path === "folder") expect(await contentOf(storage, "folder/inner")).toBe("folder/inner");
        else expect(await contentOf(storage, path)).toBe(path);
      }
      expect(await storage.trash.ids()).toEqual([]);
      expect(await readdir(root.in(".sluice/trash"))).toEqual([]);
    });
  });

  test.each([
    ["in the first bytes", "size=512k", 64 * KIB],
    ["in the first bytes, in tiny chunks", "size=512k", 100],
    ["in the first bytes, in one chunk", "size=512k", 2 * MIB],
    ["at the change of the writer", "size=1100k", 64 * KIB],
    ["in a batch", "size=4m", 64 * KIB],
    ["in a batch of one large chunk", "size=4m", 3 * MIB],
  ])(
    "%s: nothing is published or left behind, and the next upload is saved",
    async (_name, options, length) => {
      await withMount(options, async (storage) => {
        for (let round = 0; round < 3; round += 1)
          expect(await codeOfPut(storage, "large", 8 * MIB, length)).toBe("storage_full");
        expect(await codeOfPut(storage, "kept", 8 * MIB, length)).toBe("storage_full");
        expect(pathsOf(await entriesIn(storage, ROOT))).toEqual(["kept"]);
        await put(storage, "next", "x".repeat(200_000));
        expect(pathsOf(await entriesIn(storage, ROOT))).toEqual(["kept", "next"]);
      });
    },
  );

  test("for one upload does not affect others", async () => {
    await withMount("size=8m", async (storage) => {
      const small = await Promise.all(
        Array.from({ length: 8 }, (_, index) => storage.begin(file(`${index}`))),
      );
      await Promise.all(small.map((upload) => fill(upload, [bytes(100 * KIB)])));
      expect(await codeOfPut(storage, "large", 20 * MIB, 64 * KIB)).toBe("storage_full");
      await Promise.all(small.map((upload) => fill(upload, [bytes(100 * KIB)])));
      await Promise.all(small.map((upload, index) => upload.finish(file(`${index}`), { replace: false })));
      for (const entry of await entriesIn(storage, ROOT))
        if (entry.kind === "file" && entry.path !== "kept") expect(entry.size).toBe(200 * KIB);
    });
  });

  test("during a timed flush of a slow upload: the next append fails", async () => {
    await withMount("size=1280k", async (storage) => {
      const upload = await storage.begin(file("slow"));
      await fill(upload, chunksOf(bytes(MIB), 256 * KIB));
      await upload.append(bytes(400 * KIB));
      await until("the flush has failed", () => {
        try {
          upload.append(new Uint8Array(0));
          return false;
        } catch {
          return true;
        }
      });
      expect(() => upload.append(bytes(1))).toThrow("storage_full");
      expect(await codeOf(upload.finish(file("slow"), { replace: false }))).toBe("storage_full");
      await upload.discard();
    });
  });

  test("is reported by check and space", async () => {
    await withMount("size=512k", async (storage) => {
      const { free, total } = await storage.space();
      expect(total).toBe(512 * KIB);
      expect(free).toBeLessThan(total);
      expect(free).toBeGreaterThan(0);
      await put(storage, "filler", "x".repeat(free));
      expect(await codeOf(storage.check())).toBe("storage_full");
      await storage.remove(file("filler"));
      await storage.check();
    });
  });
});

describe.skipIf(reason !== null)("a disk without inodes", () => {
  /** Creates files until only `spare` inodes are left. */
  async function exhaust(root: TemporaryRoot, spare: number): Promise<void> {
    await mkdir(root.in("full"), { recursive: true });
    const made: string[] = [];
    try {
      for (;;) {
        await Bun.write(root.in("full", `${made.length}`), "");
        made.push(root.in("full", `${made.length}`));
      }
    } catch {
      for (const path of made.slice(made.length - spare)) await Bun.file(path).delete();
    }
  }

  test.each([
    ["to begin", 0, "a"],
    ["for the folder", 1, "new/folder/a"],
    ["for the second folder", 2, "new/folder/a"],
  ])("%s: nothing is published until inodes are free again", async (_name, spare, path) => {
    await withMount("size=4m,nr_inodes=40", async (storage, root) => {
      await exhaust(root, spare);
      const begun = codeOf(put(storage, path, "a"));
      expect(await begun).toBe("storage_full");
      expect(await storage.find(file(path))).toBeNull();
      await storage.remove(file("full/0"));
      await storage.remove(file("full/1"));
      await storage.remove(file("full/2"));
      await storage.remove(file("full/3"));
      await put(storage, path, "a");
      expect(await contentOf(storage, path)).toBe("a");
    });
  });

  test("has a name for a file that has begun: it needs no other inode", async () => {
    await withMount("size=4m,nr_inodes=40", async (storage, root) => {
      await exhaust(root, 1);
      await put(storage, "a", "a");
      expect(await contentOf(storage, "a")).toBe("a");
    });
  });

  test("allows replacing files, which needs no inode", async () => {
    await withMount("size=4m,nr_inodes=40", async (storage, root) => {
      await put(storage, "a", "old");
      await exhaust(root, 1);
      expect((await put(storage, "a", "new", true)).replaced).toBe(true);
      expect(await contentOf(storage, "a")).toBe("new");
    });
  });
});

describe.skipIf(reason !== null)("another file system inside the root", () => {
  test("can be read, but refuses uploads", async () => {
    await withMount("size=4m", async (storage, root) => {
      await mkdir(root.in("other"));
      await using _mount = await Mount.tmpfs(root.in("other"), "size=1m");
      await Bun.write(root.in("other", "there"), "there");
      expect(await contentOf(storage, "other/there")).toBe("there");
      expect(await codeOf(put(storage, "other/a", "a"))).toBe("other_file_system");
      expect(await codeOf(put(storage, "other/b/c", "a", true))).toBe("other_file_system");
      expect(await codeOf(put(storage, "other/there", "a", true))).toBe("other_file_system");
      expect(await contentOf(storage, "other/there")).toBe("there");
    });
  });
});

describe.skipIf(reason !== null)("a read-only root", () => {
  async function expectReadOnly(root: TemporaryRoot): Promise<void> {
    const storage = await openDisk(root.root);
    try {
      expect(pathsOf(await entriesIn(storage, ROOT))).toEqual(["kept"]);
      expect(await contentOf(storage, "kept")).toBe("kept");
      expect(await storage.probe(file("kept"))).not.toBeNull();
      expect((await storage.space()).total).toBeGreaterThan(0);
      expect(await codeOf(storage.begin(file("a")))).toBe("storage_read_only");
      expect(await codeOf(storage.check())).toBe("storage_read_only");
      expect(await codeOf(storage.remove(file("kept")))).toBe("storage_read_only");
    } finally {
      await storage.close();
    }
    await root.expectDescriptors([]);
  }

  test("can be opened and read, and reports that it is not writable", async () => {
    await using root = await TemporaryRoot.make();
    await using mount = await Mount.tmpfs(root.root, "size=1m");
    await Bun.write(root.in("kept"), "kept");
    await mount.remount("ro");
    await expectReadOnly(root);
    expect(await readdir(root.root)).toEqual(["kept"]);
    await mount.remount("rw");
    await put(await root.open(), "a", "a");
    await root.reopen();
  });

  test("can be opened also if it was served before, with and without unfinished uploads", async () => {
    await using root = await TemporaryRoot.make();
    await using mount = await Mount.tmpfs(root.root, "size=1m");
    const storage = await root.open();
    await put(storage, "kept", "kept");
    await storage.close();
    await mount.remount("ro");
    await expectReadOnly(root);
    await mount.remount("rw");
    await Bun.write(root.in(".sluice", "uploads", "left"), "left");
    await mount.remount("ro");
    await expectReadOnly(root);
  });
});
