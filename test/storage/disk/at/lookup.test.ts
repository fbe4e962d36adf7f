// Reading: links inside the root are followed; everything else that is not a plain file or folder is invisible.

import { describe, expect, test } from "bun:test";
import { cp, link, mkdir, rename, rm, symlink } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { ROOT } from "../../../../src/path.ts";
import type { Storage } from "../../../../src/storage/storage.ts";
import { codeOf, contentOf, entriesIn, file, folder, pathsOf, put } from "../../driving.ts";
import { watchRejections } from "../../rejections.ts";
import { Canary } from "../canary.ts";
import { switchableCalls, systemError } from "../faults.ts";
import { TemporaryRoot } from "../temporary-root.ts";
import { watchedCalls } from "../watched-calls.ts";

watchRejections();

async function expectNothing(storage: Storage, path: string): Promise<void> {
  expect(await storage.find(file(path)), path).toBeNull();
  expect(await codeOf(storage.open(file(path))), path).toBe("not_found");
  expect(await codeOf(entriesIn(storage, folder(path))), path).toBe("not_found");
}

describe("a link that leads out of the root", () => {
  const links: [name: string, target: (root: TemporaryRoot) => string][] = [
    ["to a folder", () => "../canary"],
    ["to a folder by its absolute path", ({ outside }) => join(outside, "canary")],
    ["to a file", () => "../canary/file"],
    ["to a folder whose name begins like the root's", () => "../root-beside"],
    ["to the folder the root is in", () => ".."],
    ["to the top of everything", () => "/"],
    ["out and in again by another link", () => "../canary/back"],
    ["through a link inside", () => "hop"],
    ["to nothing", () => "../canary/nothing"],
    ["to itself", () => "link"],
    ["to the server's own folder", () => ".sluice"],
    ["into the server's own folder", () => ".sluice/uploads"],
    ["to the lock", () => "./folder/../.sluice/lock"],
    ["to a device", () => "/dev/zero"],
    ["to this process", () => "/proc/self"],
  ];

  test.each(links)("%s does not exist", async (_name, target) => {
    await using root = await TemporaryRoot.make();
    const canary = await Canary.make(root);
    await cp(canary.folder, join(root.outside, "root-beside"), { recursive: true });
    const storage = await root.open();
    await put(storage, "folder/kept", "kept");
    await symlink("../canary", root.in("hop"));
    await symlink(target(root), root.in("link"));
    const deep = isAbsolute(target(root)) ? target(root) : join("..", target(root));
    await symlink(deep, root.in("folder", "deep"));
    for (const path of [
      "link",
      "link/file",
      "link/inner",
      "link/inner/file",
      "link/é",
      "link/uploads",
      "link/lock",
    ])
      await expectNothing(storage, path);
    expect(pathsOf(await entriesIn(storage, ROOT))).toEqual(["folder"]);
    expect(pathsOf(await entriesIn(storage, folder("folder")))).toEqual(["folder/kept"]);
    expect(root.descriptors().filter((path) => path.includes("canary"))).toEqual([]);
  });
});

describe("a link that stays in the root", () => {
  test("is its target, under its own path", async () => {
    await using root = await TemporaryRoot.make();
    const storage = await root.open();
    await put(storage, "real/inner/file", "content");
    await symlink("real/inner", root.in("folder"));
    await symlink(root.in("real/inner/file"), root.in("file"));
    await symlink("file", root.in("chain"));
    await symlink("..", root.in("real/up"));
    expect(pathsOf(await entriesIn(storage, ROOT))).toEqual(["chain", "file", "folder", "real"]);
    expect(await storage.find(folder("folder"))).toMatchObject({ kind: "folder", path: folder("folder") });
    expect(await storage.find(file("file"))).toMatchObject({ kind: "file", path: file("file"), size: 7 });
    expect(pathsOf(await entriesIn(storage, folder("folder")))).toEqual(["folder/file"]);
    expect(pathsOf(await entriesIn(storage, folder("real/up")))).toEqual([
      "real/up/chain",
      "real/up/file",
      "real/up/folder",
      "real/up/real",
    ]);
    for (const path of ["file", "chain", "folder/file", "real/up/real/up/folder/file"])
      expect(await contentOf(storage, path)).toBe("content");
    const etags = await Promise.all(
      ["file", "chain", "real/inner/file"].map((path) => storage.find(file(path))),
    );
    expect(new Set(etags.map((entry) => entry?.kind === "file" && entry.etag)).size).toBe(1);
  });

  test("is found while its target is replaced repeatedly", async () => {
    await using root = await TemporaryRoot.make();
    const storage = await root.open();
    await put(storage, "file", "0");
    await symlink("file", root.in("link"));
    let replacing = true;
    const missed: string[] = [];
    const look = async (): Promise<void> => {
      while (replacing)
        for (const path of ["file", "link"]) if ((await storage.find(file(path))) === null) missed.push(path);
    };
    const replace = async (): Promise<void> => {
      for (let round = 0; round < 80; round += 1) await put(storage, "file", `${round}`, true);
      replacing = false;
    };
    await Promise.all([look(), replace()]);
    expect(missed).toEqual([]);
  });
});

describe("names that no client can request", () => {
  test("are not listed, but others are", async () => {
    await using root = await TemporaryRoot.make();
    const storage = await root.open();
    const names = ["a\\b", "NUL", "aux.txt", "dot.", "space ", "tab\t", "line\nline", "del\x7f", "c1\u0085"];
    for (const name of ["shown", ".hidden", ...names]) await Bun.write(root.in(name), name);
    // Invalid UTF-8, which no string can represent.
    await Bun.$`sh -c ${"touch \"$1/$(printf 'broken\\377')\""} sh ${root.root}`.quiet();
    expect(pathsOf(await entriesIn(storage, ROOT))).toEqual([".hidden", "shown"]);
  });

  test("include the server's own folder, and that of a former root at any depth", async () => {
    await using root = await TemporaryRoot.make();
    const storage = await root.open();
    await put(storage, "folder/shown", "x");
    await Bun.write(root.in("folder/.sluice/kept/secret"), "secret");
    await symlink(".sluice/kept", root.in("folder/link"));
    await symlink("../folder/.sluice/kept/secret", root.in("folder/file"));
    await symlink(".sluice", root.in("folder/own"));
    expect(pathsOf(await entriesIn(storage, ROOT))).toEqual(["folder"]);
    expect(pathsOf(await entriesIn(storage, folder("folder")))).toEqual(["folder/shown"]);
    for (const path of ["folder/link/secret", "folder/file", "folder/own/kept/secret"]) {
      expect(await storage.find(file(path))).toBeNull();
      expect(await codeOf(storage.open(file(path)))).toBe("not_found");
    }
  });
});

describe("names in another Unicode form", () => {
  const composed = "\u00e9t\u00e9";
  const decomposed = "e\u0301te\u0301";
  const mixed = "\u00e9te\u0301";

  test.each([decomposed, mixed])("are found, listed and read under their NFC form: %j", async (form) => {
    await using root = await TemporaryRoot.make();
    const storage = await root.open();
    await mkdir(root.in(form));
    await Bun.write(root.in(form, `${form}.txt`), "content");
    await Bun.write(root.in(form, "plain"), "plain");
    expect(pathsOf(await entriesIn(storage, ROOT))).toEqual([composed]);
    expect(pathsOf(await entriesIn(storage, folder(composed)))).toEqual([
      `${composed}/plain`,
      `${composed}/${composed}.txt`,
    ]);
    expect(await contentOf(storage, `${composed}/${composed}.txt`)).toBe("content");
    expect(await contentOf(storage, `${composed}/plain`)).toBe("plain");
    await expectNothing(storage, `${composed}/ü`);
  });

  test("are listed once, and the NFC form takes precedence", async () => {
    await using root = await TemporaryRoot.make();
    const storage = await root.open();
    for (const form of [decomposed, composed, mixed]) await Bun.write(root.in(form), form);
    expect(pathsOf(await entriesIn(storage, ROOT))).toEqual([composed]);
    expect(await contentOf(storage, composed)).toBe(composed);
    const [entry] = await entriesIn(storage, ROOT);
    expect(entry).toEqual((await storage.find(file(composed))) ?? undefined);
    await rm(root.in(composed));
    expect(pathsOf(await entriesIn(storage, ROOT))).toEqual([composed]);
    expect([decomposed, mixed]).toContain(await contentOf(storage, composed));
  });

  test("do not follow a link that leads out", async () => {
    await using root = await TemporaryRoot.make();
    const canary = await Canary.make(root);
    await Bun.write(join(canary.folder, decomposed), "secret");
    const looked: string[] = [];
    const storage = await root.open({
      calls: watchedCalls((name, path) => {
        if (name === "readdir") looked.push(`${path}`);
      }),
    });
    await symlink(canary.folder, root.in("link"));
    await symlink(join(canary.folder, decomposed), root.in(decomposed));
    looked.length = 0;
    await expectNothing(storage, `link/${composed}`);
    await expectNothing(storage, composed);
    expect(looked.filter((path) => !path.startsWith(root.root))).toEqual([]);
    expect(looked.filter((path) => path.includes("link"))).toEqual([]);
  });
});

describe("a disk with errors", () => {
  test.each(["EACCES", "EPERM", "ENOENT", "ELOOP"])(
    "with %s makes entries absent, not the listing",
    async (errno) => {
      await using root = await TemporaryRoot.make();
      const calls = switchableCalls();
      const storage = await root.open({ calls });
      for (const name of ["a", "b", "c"]) await put(storage, name, name);
      await symlink("a", root.in("link"));
      const { open, lstat, realpath } = calls;
      calls.open = async (path, flags) => {
        if (/\/(?:b|link)$/.test(String(path))) throw systemError(errno);
        return await open(path, flags);
      };
      calls.lstat = async (path) => {
        if (String(path).endsWith("/b")) throw systemError(errno);
        return await lstat(path);
      };
      calls.realpath = async (path) => {
        if (path.endsWith("/link")) throw systemError(errno);
        return await realpath(path);
      };
      expect(pathsOf(await entriesIn(storage, ROOT))).toEqual(["a", "c"]);
      if (errno === "EACCES" || errno === "EPERM") {
        const page = await storage.page(ROOT, {
          sort: "name",
          order: "asc",
          foldersFirst: false,
          hidden: true,
          limit: 9,
        });
        expect(page).toMatchObject({ skipped: 1 });
        expect(await codeOf(storage.find(file("b")))).toBe("no_access");
      } else await expectNothing(storage, "b");
      await expectNothing(storage, "link");
    },
  );

  test.each([
    ["EIO", "storage_failed"],
    ["EMFILE", "out_of_files"],
  ])("with %s is reported: %s", async (errno, code) => {
    await using root = await TemporaryRoot.make();
    const calls = switchableCalls();
    const storage = await root.open({ calls });
    await put(storage, "folder/a", "a");
    const broken = async (): Promise<never> => {
      throw systemError(errno);
    };
    for (const replaced of [{ lstat: broken }, { realpath: broken }]) {
      Object.assign(calls, replaced);
      expect(await codeOf(storage.find(file("folder/a")))).toBe(code);
      calls.restore();
    }
    const breaks = (): never => {
      throw systemError(errno);
    };
    for (const replaced of [
      { open: broken },
      { stat: breaks },
      { folderAt: breaks },
      { pathOf: breaks },
      { reopen: breaks },
    ]) {
      Object.assign(calls, replaced);
      expect(await codeOf(storage.open(file("folder/a")))).toBe(code);
      calls.restore();
    }
    calls.names = broken;
    expect(await codeOf(entriesIn(storage, folder("folder")))).toBe(code);
  });

  test("does not list a folder that is removed during the listing", async () => {
    await using root = await TemporaryRoot.make();
    const storage = await root.open({
      calls: watchedCalls(async (name) => {
        // The start reads names too, when there is no such folder yet.
        if (name === "names") await rm(root.in("folder"), { recursive: true, force: true });
      }),
    });
    await put(storage, "folder/a", "a");
    expect(await codeOf(entriesIn(storage, folder("folder")))).toBe("not_found");
  });
});

describe("an ETag", () => {
  test("changes when another program writes the same number of bytes, but not when it renames the file", async () => {
    await using root = await TemporaryRoot.make();
    const storage = await root.open();
    const { entry } = await put(storage, "a", "one");
    await link(root.in("a"), root.in("second"));
    await rename(root.in("a"), root.in("b"));
    expect(await storage.find(file("b"))).toMatchObject({ etag: entry.etag });
    await Bun.write(root.in("b"), "two");
    const after = await storage.find(file("b"));
    expect(after).toMatchObject({ size: 3 });
    expect(after).not.toMatchObject({ etag: entry.etag });
  });
});
