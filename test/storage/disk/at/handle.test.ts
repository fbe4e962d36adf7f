// Nothing is written, moved or removed through a link: neither an existing one nor one that is swapped in.

import { describe, expect, test } from "bun:test";
import { lstat, mkdir, readdir, readFile, readlink, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { Calls } from "../../../../src/storage/disk/os/calls.ts";
import { bytes, MIB } from "../../bytes.ts";
import { codeOf, contentOf, file, put, text } from "../../driving.ts";
import { watchRejections } from "../../rejections.ts";
import { Canary } from "../canary.ts";
import { TemporaryRoot } from "../temporary-root.ts";
import { Descriptors, watchedCalls } from "../watched-calls.ts";

watchRejections();

describe("an existing link", () => {
  const links: [name: string, path: string, target: (root: TemporaryRoot) => string][] = [
    ["to a file outside", "link", () => "../canary/file"],
    ["to a file outside by its absolute path", "link", ({ outside }) => join(outside, "canary/file")],
    ["to a folder outside", "link", () => "../canary"],
    ["to nothing outside", "link", () => "../canary/new"],
    ["to nothing", "link", () => "nowhere"],
    ["to a file inside", "link", () => "inside/file"],
    ["to a folder inside", "link", () => "inside"],
    ["to itself", "link", () => "link"],
    ["to the root", "link", () => "."],
    ["in a folder", "inside/link", () => "../../canary"],
  ];

  test.each(links)("%s is neither replaced nor followed nor removed", async (_name, path, target) => {
    await using root = await TemporaryRoot.make();
    const canary = await Canary.make(root);
    const storage = await root.open();
    await put(storage, "inside/file", "inside");
    await symlink(target(root), root.in(path));
    const before = await root.idleDescriptors();

    expect(await codeOf(put(storage, path, "x", true))).toBe("link_in_path");
    expect(await codeOf(put(storage, path, "x", false))).toBe("name_taken");
    for (const name of ["file", "new", "inner/file", "new/folder/file"]) {
      expect(await codeOf(put(storage, `${path}/${name}`, "x", true))).toBe("link_in_path");
      expect(await codeOf(put(storage, `${path}/${name}`, "x", false))).toBe("link_in_path");
      expect(await codeOf(storage.remove(file(`${path}/${name}`)))).toBe("link_in_path");
      expect(await codeOf(storage.probe(file(`${path}/${name}`)))).toBe("link_in_path");
    }
    expect(await codeOf(storage.remove(file(path)))).toBe("link_in_path");
    expect(await codeOf(storage.probe(file(path)))).toBe("link_in_path");

    expect(await readlink(root.in(path))).toBe(target(root));
    expect(await contentOf(storage, "inside/file")).toBe("inside");
    expect((await readdir(root.root)).sort()).toEqual(
      [".sluice", "inside", "link"].slice(0, path === "link" ? 3 : 2),
    );
    expect(await canary.touched()).toBeNull();
    expect(await root.temporaries()).toEqual([]);
    await root.expectDescriptors(before);
  });

  test("in place of the server's own folder is refused at the start", async () => {
    for (const place of [[".sluice"], [".sluice", "uploads"], [".sluice", "lock"]]) {
      await using root = await TemporaryRoot.make();
      const canary = await Canary.make(root);
      if (place.length > 1) await mkdir(root.in(".sluice"));
      const target = place.at(-1) === "lock" ? join(canary.folder, "new") : canary.folder;
      await symlink(target, root.in(...place));
      expect(await codeOf(root.open())).toBe("link_in_path");
      expect(await canary.touched()).toBeNull();
      await root.expectDescriptors([]);
      await rm(root.in(...place));
      await root.open();
    }
  });

  test("among leftover uploads is removed, but not its target", async () => {
    await using root = await TemporaryRoot.make();
    const canary = await Canary.make(root);
    await (await root.open()).close();
    await symlink(canary.file, root.in(".sluice", "uploads", "file"));
    await symlink(canary.folder, root.in(".sluice", "uploads", "folder"));
    await root.open();
    expect(await root.temporaries()).toEqual([]);
    expect(await canary.touched()).toBeNull();
  });
});

describe("a link that is swapped in during an upload", () => {
  test("in place of its folder is refused", async () => {
    await using root = await TemporaryRoot.make();
    const canary = await Canary.make(root);
    const storage = await root.open();
    await put(storage, "folder/inner/other", "other");
    for (const path of ["folder/file", "folder/inner/file", "folder/new/file"]) {
      const upload = await storage.begin(file(path));
      await upload.append(bytes(2 * MIB));
      await rename(root.in("folder"), root.in("moved"));
      await symlink(canary.folder, root.in("folder"));
      expect(await codeOf(upload.finish(file(path), { replace: true }))).toBe("link_in_path");
      await upload.discard();
      await rm(root.in("folder"));
      await rename(root.in("moved"), root.in("folder"));
    }
    expect(await canary.touched()).toBeNull();
    expect(await root.temporaries()).toEqual([]);
  });

  test("in place of the server's own folder has no effect", async () => {
    await using root = await TemporaryRoot.make();
    const canary = await Canary.make(root);
    const storage = await root.open();
    const upload = await storage.begin(file("a"));
    await rename(root.in(".sluice", "uploads"), root.in(".sluice", "moved"));
    await symlink(canary.folder, root.in(".sluice", "uploads"));
    await upload.append(text("a"));
    await upload.finish(file("a"), { replace: false });
    await put(storage, "b", "b");
    await (await storage.begin(file("c"))).discard();
    await storage.check();
    expect([await contentOf(storage, "a"), await contentOf(storage, "b")]).toEqual(["a", "b"]);
    expect(await readdir(root.in(".sluice", "moved"))).toEqual([]);
    expect(await canary.touched()).toBeNull();
  });

  // In each round the link is swapped in before another system call of finish or remove.
  const operations = ["finish", "replace", "remove"] as const;
  test.each(operations)("at any step of %s is never followed", async (operation) => {
    for (const victim of ["folder", "folder/inner"]) {
      let rounds = 0;
      for (let reached = true; reached; rounds += 1) {
        await using root = await TemporaryRoot.make();
        const canary = await Canary.make(root);
        const calls = new SwapOnce(async () => {
          await rename(root.in(victim), root.in("moved"));
          await symlink(victim === "folder" ? canary.folder : join(canary.folder, "inner"), root.in(victim));
        });
        const storage = await root.open({ calls: calls.calls });
        await put(storage, "folder/inner/file", "old");
        const upload = operation === "remove" ? null : await storage.begin(file("x"));
        await upload?.append(text("new"));
        calls.arm(rounds);
        const end = await codeOf(
          upload
            ? upload.finish(file(operation === "finish" ? "folder/inner/new" : "folder/inner/file"), {
                replace: operation === "replace",
              })
            : storage.remove(file("folder/inner/file")),
        );
        reached = calls.swapped;
        await upload?.discard();

        if (typeof end === "string") expect(["link_in_path", "not_a_folder"]).toContain(end);
        else expect(end).toHaveProperty("resolved");
        expect(await canary.touched(), `${calls.last}`).toBeNull();
        expect(await root.temporaries()).toEqual([]);
        expect(calls.descriptors.closedTwice).toEqual([]);
        if (reached) expect((await lstat(root.in(victim))).isSymbolicLink()).toBe(true);
        // The file is in the moved folder, or the operation failed.
        const moved = root.in(victim === "folder" ? "moved/inner" : "moved");
        const inner = reached ? moved : root.in("folder/inner");
        const names = (await readdir(inner)).sort();
        const happened = { finish: ["file", "new"], replace: ["file"], remove: [] }[operation];
        expect([happened, ["file"]]).toContainEqual(names);
        if (names.includes("file"))
          expect(["old", "new"]).toContain(await readFile(join(inner, "file"), "utf8"));
      }
      expect(rounds).toBeGreaterThan(4);
    }
  });
});

/** System calls that change the disk before one of them. */
class SwapOnce {
  readonly descriptors = new Descriptors();
  readonly calls: Calls;
  swapped = false;
  last: string | undefined;
  #left = Number.POSITIVE_INFINITY;

  constructor(swap: () => Promise<void>) {
    this.calls = watchedCalls(async (name) => {
      // Synchronous, so a swap before it is equivalent to one before the next call.
      if (name === "stat" || name === "folderAt" || name === "sink") return;
      this.#left -= 1;
      if (this.#left !== -1) return;
      this.last = name;
      await swap();
      this.swapped = true;
    }, this.descriptors);
  }

  /** Swaps before the call that follows `count` further calls. */
  arm(count: number): void {
    this.#left = count;
  }
}
