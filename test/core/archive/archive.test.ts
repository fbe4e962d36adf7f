// Archives: their entries and names, failures, and the limit of concurrent archives.

import { describe, expect, test } from "bun:test";
import { rm, symlink, truncate } from "node:fs/promises";
import { join } from "node:path";
import { type Archive, Archives } from "../../../src/core/archive/archive.ts";
import { Skipped } from "../../../src/storage/listing/skipped.ts";
import { MemoryStorage } from "../../../src/storage/memory/memory.ts";
import { notReadable } from "../../../src/storage/problems.ts";
import type { Storage } from "../../../src/storage/storage.ts";
import { TemporaryRoot } from "../../storage/disk/temporary-root.ts";
import { codeOf, file, folder, put } from "../../storage/driving.ts";
import { until } from "../../support/server.ts";
import { namesInTar } from "../../support/tar-names.ts";
import { bytesOf, open, UNWATCHED } from "./archives.ts";

const namesIn = async (archive: Archive): Promise<string[]> =>
  namesInTar(Buffer.from(await bytesOf(archive)));

async function names(storage: Storage, ...paths: string[]): Promise<string[]> {
  return await namesIn(await open(storage, paths, "tar"));
}

describe("names", () => {
  async function tree(): Promise<Storage> {
    const storage = new MemoryStorage();
    for (const path of ["a/b/x", "a/b/.y", "a/c/x", "a/z", "d/x"]) await put(storage, path, path);
    return storage;
  }

  test("begin with the folder's own name, except for the root", async () => {
    const storage = await tree();
    expect(await names(storage, "a/b")).toEqual(["b/", "b/.y", "b/x"]);
    expect(await names(storage, "a/z")).toEqual(["z"]);
    expect(await names(storage, "")).toEqual([..."a/ a/b/ a/b/.y a/b/x a/c/ a/c/x a/z d/ d/x".split(" ")]);
  });

  test("of several paths are relative to their deepest common folder, so that no two are the same", async () => {
    const storage = await tree();
    expect(await names(storage, "a/b/x", "a/c/x")).toEqual(["b/x", "c/x"]);
    expect(await names(storage, "a/z", "d/x")).toEqual(["a/z", "d/x"]);
    expect(await names(storage, "a/b", "a/z")).toEqual(["b/", "b/.y", "b/x", "z"]);
  });

  test("of nested or repeated paths occur once", async () => {
    const storage = await tree();
    expect(await names(storage, "a/b/x", "a/b", "a/b")).toEqual(["b/", "b/.y", "b/x"]);
    expect(await names(storage, "a", "")).toEqual(await names(storage, ""));
  });

  test("do not begin with a Windows drive letter", async () => {
    const storage = new MemoryStorage();
    await put(storage, "C:/evil", "x");
    await put(storage, "d:x", "x");
    expect(await names(storage, "")).toEqual(["./C:/", "./C:/evil", "./d:x"]);
  });

  test("of archives are derived from their contents", async () => {
    const storage = await tree();
    const nameOf = async (...paths: string[]) => (await open(storage, paths)).name;
    expect([
      await nameOf("a/b"),
      await nameOf("a/z"),
      await nameOf(""),
      await nameOf("a/b", "a/z"),
      await nameOf("a", "d"),
    ]).toEqual(["b", "z", "files", "a", "files"]);
  });
});

describe("links", () => {
  test("to files in the root are archived as files, links to folders and out of the root are omitted", async () => {
    await using root = await TemporaryRoot.make();
    await Bun.write(join(root.outside, "secret"), "canary");
    await Bun.write(root.in("a", "file"), "inside");
    await symlink("file", root.in("a", "to-file"));
    await symlink("..", root.in("a", "to-root"));
    await symlink("../../secret", root.in("a", "out"));
    await symlink("a", root.in("link"));
    const storage = await root.open();
    expect(await names(storage, "")).toEqual(["a/", "a/file", "a/to-file"]);
    // A link that the request names is followed.
    expect(await names(storage, "link")).toEqual(["link/", "link/file", "link/to-file"]);
  });
});

/** Changes a large file after its first bytes were read. @returns the bytes of the archive, and its error if it failed */
async function changed(change: (file: string) => Promise<void>): Promise<{ bytes: number; failed: unknown }> {
  await using root = await TemporaryRoot.make();
  await Bun.write(root.in("a-large"), new Uint8Array(5_000_000));
  await Bun.write(root.in("b"), "behind");
  const storage = await root.open();
  const before = root.descriptors();
  let failed: unknown;
  const archive = await open(storage, [""], "zip");
  const reader = archive.stream({ ...UNWATCHED, failed: (error) => (failed = error) }).getReader();
  let bytes = (await reader.read()).value?.length ?? 0;
  await change(root.in("a-large"));
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) bytes += next.value.length;
    expect(bytes).toBe(archive.size ?? 0);
  } catch (error) {
    expect(error).toBe(failed);
  }
  await root.expectDescriptors(before);
  return { bytes, failed };
}

describe("a file that changes while it is packed", () => {
  test("makes the archive fail if it became shorter", async () => {
    const { failed } = await changed((path) => truncate(path, 1_000_000));
    expect(failed).toMatchObject({ code: "storage_failed" });
  });

  test("is archived as it was when it was opened if it grew or was removed", async () => {
    expect((await changed((path) => truncate(path, 9_000_000))).failed).toBeUndefined();
    expect((await changed((path) => rm(path))).failed).toBeUndefined();
  });
});

describe("an entry that cannot be read", () => {
  test("is omitted if it was removed after listing", async () => {
    const storage = new MemoryStorage();
    await put(storage, "a", "a");
    await put(storage, "b", "b");
    const archive = await open(storage, [""], "tar");
    await storage.remove(file("a"));
    expect(await namesIn(archive)).toEqual(["b"]);
  });

  test("is named in a file at the end if the server may not read it, under a name that is free", async () => {
    const storage = new MemoryStorage();
    for (const path of ["a", "b/c", "d", "not-in-this-archive.txt"]) await put(storage, path, path);
    const [openFile, scan] = [storage.open.bind(storage), storage.scan.bind(storage)];
    storage.open = (path) => (path === "a" ? Promise.reject(notReadable(path)) : openFile(path));
    storage.scan = (path) => {
      if (path === "b") throw notReadable(path);
      return scan(path);
    };
    expect(await namesIn(await open(storage, [""], "tar"))).toEqual([
      "b/",
      "d",
      "not-in-this-archive.txt",
      "not-in-this-archive (Sluice).txt",
    ]);
    const text = Buffer.from(await bytesOf(await open(storage, [""], "tar"))).toString();
    expect(text).toContain(
      '2 entries are not in this archive; of a folder, also everything below it.\n\n"b": the server may not read it\n"a": the server may not read it\n',
    );
    // Not what was asked for by its own path.
    for (const path of ["a", "b"]) expect(await codeOf(open(storage, ["d", path]))).toBe("no_access");
  });

  test("is reported before the first byte if a path does not exist, and the archive no longer counts", async () => {
    const archives = new Archives(new MemoryStorage(), 1);
    expect(await codeOf(archives.open([folder("nothing")], "zip"))).toBe("not_found");
    expect(await codeOf(archives.open([folder("")], "zip"))).toHaveProperty("resolved");
  });
});

describe("the number of archives", () => {
  test("is limited; reading to the end, cancelling and closing make room for the next", async () => {
    const storage = new MemoryStorage();
    await put(storage, "a", "x".repeat(300_000));
    const archives = new Archives(storage, 1);
    const openArchive = () => archives.open([folder("")], "zip");
    const refused = async () => expect(await codeOf(openArchive())).toBe("too_many_archives");

    const read = await openArchive();
    await refused();
    await bytesOf(read);

    const closed = await openArchive();
    closed.close();
    closed.close();

    const unread = await openArchive();
    await unread.stream(UNWATCHED).cancel();

    const left = await openArchive();
    await refused();
    const reader = left.stream(UNWATCHED).getReader();
    await reader.read();
    await reader.cancel();

    const compressed = await archives.open([folder("")], "tar.zst");
    await refused();
    await compressed.stream(UNWATCHED).cancel();
    await until("another archive may be opened", async () => {
      const archive = await openArchive().catch(() => null);
      archive?.close();
      return archive !== null;
    });
  });
});

test.each(["closed", "cancelled"])(
  "an archive that is %s before it is read closes its folder",
  async (how) => {
    let scans = 0;
    class Many extends MemoryStorage {
      override async *scan(...[folder]: Parameters<MemoryStorage["scan"]>) {
        scans += 1;
        try {
          // More entries than are listed before the first byte.
          for await (const [entry] of super.scan(folder))
            if (entry)
              for (let batch = 0; batch < 30; batch += 1) yield Array.from({ length: 500 }, () => entry);
          return new Skipped();
        } finally {
          scans -= 1;
        }
      }
    }
    const storage = new Many();
    await put(storage, "a", "a");
    const archive = await open(storage);
    expect(scans).toBe(1);
    if (how === "closed") archive.close();
    else await archive.stream(UNWATCHED).cancel();
    await until("nothing is open", () => scans === 0);
  },
);
