// Moving and removing on a hostile or failing disk: links, folders swapped between system calls, failing calls.

import { expect, setDefaultTimeout, test } from "bun:test";
import { lstat, mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from "node:fs/promises";
import { type Calls, calls } from "../../../../src/storage/disk/os/calls.ts";
import type { Storage } from "../../../../src/storage/storage.ts";
import { patient } from "../../../support/patience.ts";
import { skipped } from "../../../support/switches.ts";
import { copy } from "../../contract/copying.ts";
import { codeOf, contentOf, file, put } from "../../driving.ts";
import { Canary } from "../canary.ts";
import { Mount, NAMING, whyNoMounts, withoutRenameNew } from "../faults.ts";
import { TemporaryRoot } from "../temporary-root.ts";
import { FailingOnce, watchedCalls } from "../watched-calls.ts";

setDefaultTimeout(patient(60_000));

const move = (storage: Storage, from: string, to: string, replace = false) =>
  storage.move(file(from), file(to), { replace });
const removeFolder = (storage: Storage, path: string) => storage.remove(file(path), { recursive: true });

const STEPS: [what: string, step: (storage: Storage) => Promise<unknown>][] = [
  ["makeFolder", (storage) => storage.makeFolder(file("folder/inner/new"))],
  ["move of a file", (storage) => move(storage, "folder/inner/file", "other/inner/file-2")],
  ["move of a file over another", (storage) => move(storage, "folder/inner/file", "other/inner/file", true)],
  ["move of a folder", (storage) => move(storage, "folder/inner", "other/inner/folder")],
  ["copy of a file", (storage) => copy(storage, "folder/inner/file", "other/inner/file-2")],
  ["copy of a file over another", (storage) => copy(storage, "folder/inner/file", "other/inner/file", true)],
  ["copy of a folder", (storage) => copy(storage, "folder/inner", "other/inner/folder")],
  ["remove of a file", (storage) => storage.remove(file("folder/inner/file"))],
  ["remove of a folder", (storage) => removeFolder(storage, "folder/inner")],
];
/** Each step, and those that give names once more without a rename that does not overwrite. */
const ATTACKED: [what: string, step: (storage: Storage) => Promise<unknown>, system: Calls][] = [
  ...STEPS.map(([what, step]): (typeof ATTACKED)[number] => [what, step, calls]),
  ...STEPS.filter(([what]) => /^(?:move of a (?:file|folder)|copy of a file)$/.test(what)).map(
    ([what, step]): (typeof ATTACKED)[number] => [`${what} with link()`, step, withoutRenameNew],
  ),
];

async function plant(root: TemporaryRoot): Promise<void> {
  for (const path of ["folder/inner/file", "folder/inner/deep/file", "other/inner/file"]) {
    await mkdir(root.in(path, ".."), { recursive: true });
    await writeFile(root.in(path), path);
  }
}

test("nothing is moved, created or removed through a link", async () => {
  await using root = await TemporaryRoot.make();
  const canary = await Canary.make(root);
  const storage = await root.open();
  await plant(root);
  await symlink("../canary", root.in("out"));
  await symlink("../canary/file", root.in("leaf"));
  await symlink("folder", root.in("in"));
  await symlink("nowhere", root.in("dangling"));
  for (const link of ["out", "leaf", "in", "dangling"]) {
    expect(await codeOf(move(storage, link, "new"))).toBe("link_in_path");
    expect(await codeOf(copy(storage, link, "new"))).toBe("link_in_path");
    expect(await codeOf(copy(storage, "folder", link, true))).toBe("name_taken");
    expect(await codeOf(copy(storage, "folder/inner/file", link, true))).toBe("link_in_path");
    expect(await codeOf(removeFolder(storage, link))).toBe("link_in_path");
    expect(await codeOf(storage.remove(file(link)))).toBe("link_in_path");
    expect(await codeOf(move(storage, "folder/inner/file", link))).toBe("name_taken");
    expect(await codeOf(move(storage, "folder/inner/file", link, true))).toBe("link_in_path");
    expect(await codeOf(move(storage, "folder/inner", link, true))).toBe("name_taken");
    expect(await codeOf(storage.makeFolder(file(link)))).toBe("name_taken");
  }
  for (const link of ["out", "in"]) {
    for (const name of ["file", "inner", "inner/file"]) {
      expect(await codeOf(move(storage, `${link}/${name}`, "new"))).toBe("link_in_path");
      expect(await codeOf(copy(storage, `${link}/${name}`, "new"))).toBe("link_in_path");
      expect(await codeOf(removeFolder(storage, `${link}/${name}`))).toBe("link_in_path");
    }
    expect(await codeOf(move(storage, "folder/inner", `${link}/new`))).toBe("link_in_path");
    expect(await codeOf(move(storage, "folder/inner/file", `${link}/new/er`))).toBe("link_in_path");
    expect(await codeOf(copy(storage, "folder/inner", `${link}/new`))).toBe("link_in_path");
    expect(await codeOf(copy(storage, "folder/inner/file", `${link}/new`))).toBe("link_in_path");
    expect(await codeOf(storage.makeFolder(file(`${link}/new`)))).toBe("link_in_path");
  }
  expect(await canary.touched()).toBeNull();
  expect(await contentOf(storage, "folder/inner/file")).toBe("folder/inner/file");
});

test("links in a folder are moved and removed with it, but not their targets", async () => {
  await using root = await TemporaryRoot.make();
  const canary = await Canary.make(root);
  const storage = await root.open();
  await plant(root);
  await symlink("../../../canary", root.in("folder/inner/out"));
  await symlink(canary.file, root.in("folder/inner/deep/leaf"));
  await symlink("../../other", root.in("folder/inner/in"));
  const copied = await copy(storage, "folder", "copied");
  expect(copied.content).toMatchObject({ omitted: 3 });
  const names = await readdir(root.in("copied"), { recursive: true });
  expect(names.sort()).toEqual(["inner", "inner/deep", "inner/deep/file", "inner/file"]);
  await removeFolder(storage, "copied");
  await move(storage, "folder", "moved");
  expect(await readlink(root.in("moved/inner/out"))).toBe("../../../canary");
  await removeFolder(storage, "moved");
  expect((await readdir(root.root)).sort()).toEqual([".sluice", "other"]);
  expect(await canary.touched()).toBeNull();
  expect(await contentOf(storage, "other/inner/file")).toBe("other/inner/file");
  expect(await root.temporaries()).toEqual([]);
});

test("entries with unaddressable names, and folders of any depth, are removed with their folder", async () => {
  await using root = await TemporaryRoot.make();
  const storage = await root.open();
  let deep = root.in("folder");
  for (let depth = 0; depth < 90; depth += 1) deep += "/0123456789012345678901234567890123456789";
  await mkdir(deep, { recursive: true });
  for (const name of ["back\\slash", "NUL", "trailing.", "\u0001"])
    await writeFile(root.in("folder", name), "x");
  await writeFile(Buffer.concat([Buffer.from(`${root.in("folder")}/`), Buffer.of(0xff, 0xfe)]), "x");
  await removeFolder(storage, "folder");
  expect(await readdir(root.root)).toEqual([".sluice"]);
  expect(await root.temporaries()).toEqual([]);
});

test.each(ATTACKED)(
  "%s, with a folder replaced by a link before any of its calls, stays in the root",
  async (_, step, system) => {
    for (const swapped of ["folder", "folder/inner", "other", "other/inner"])
      for (const target of ["canary", "root/.sluice"]) {
        for (let at = 0, swaps = true; swaps; at += 1) {
          await using root = await TemporaryRoot.make();
          const canary = await Canary.make(root);
          await plant(root);
          let made = Number.NEGATIVE_INFINITY;
          const storage = await root.open({
            calls: watchedCalls(
              async (name) => {
                if (name === "stat" || name === "folderAt" || name === "close") return;
                if (made === at) {
                  await rename(root.in(swapped), root.in("aside"));
                  await symlink(`${root.outside}/${target}`, root.in(swapped));
                }
                made += 1;
              },
              undefined,
              system,
            ),
          });
          made = 0;
          await step(storage).catch(() => {});
          // Until all calls were covered.
          swaps = made > at;
          expect({ swapped, target, at, touched: await canary.touched() }).toEqual({
            swapped,
            target,
            at,
            touched: null,
          });
          expect((await readdir(root.in(".sluice"))).sort()).toEqual(["kept", "lock", "uploads"]);
        }
      }
  },
);

test.each(ATTACKED)(
  "%s, with any of its calls failing, loses no file and leaves no descriptor open",
  async (what, step, system) => {
    for (let at = 0; ; at += 1) {
      await using root = await TemporaryRoot.make();
      await plant(root);
      const failing = new FailingOnce("EIO", system);
      const storage = await root.open({ calls: failing.calls });
      const open = failing.descriptors.open.size;
      failing.made.length = 0;
      failing.failAt = at;
      const end = await codeOf(step(storage));
      if (failing.failed === undefined) {
        expect(end).toHaveProperty("resolved");
        break;
      }
      expect(failing.descriptors.open.size).toBe(open);
      expect(failing.descriptors.closedTwice).toEqual([]);
      // An entry to remove may be missing; an entry to move must have at least one name.
      const names = await readdir(root.root, { recursive: true });
      const files = names.filter((name) => name.includes("file") && !name.startsWith(".sluice"));
      const contents = await Promise.all(
        files.map((name) => readFile(root.in(name), "utf8").catch(() => "")),
      );
      if (!what.includes("over")) expect(contents).toContain("other/inner/file");
      if (!what.startsWith("remove")) expect(contents).toContain("folder/inner/file");
      failing.failAt = Number.POSITIVE_INFINITY;
      await root.reopen();
      expect(await root.temporaries()).toEqual([]);
    }
  },
);

test("a removal that was interrupted by a kill is completed at the next start", async () => {
  await using root = await TemporaryRoot.make();
  await root.open();
  await mkdir(root.in(".sluice/uploads/left/behind"), { recursive: true });
  await symlink("/", root.in(".sluice/uploads/left/link"));
  await root.reopen();
  expect(await root.temporaries()).toEqual([]);
});

test("pipes and sockets cannot be moved or removed on their own", async () => {
  await using root = await TemporaryRoot.make();
  const storage = await root.open();
  await mkdir(root.in("folder"));
  await Bun.$`mkfifo ${root.in("folder/pipe")}`.quiet();
  expect(await codeOf(move(storage, "folder/pipe", "new"))).toBe("not_found");
  expect(await codeOf(storage.remove(file("folder/pipe")))).toBe("not_found");
  await put(storage, "a", "x");
  expect(await codeOf(move(storage, "a", "folder/pipe", true))).toBe("name_taken");
  await removeFolder(storage, "folder");
  expect((await readdir(root.root)).sort()).toEqual([".sluice", "a"]);
});

test("hard links of one file are independent entries", async () => {
  await using root = await TemporaryRoot.make();
  const storage = await root.open();
  await put(storage, "a", "x");
  await Bun.$`ln ${root.in("a")} ${root.in("b")}`.quiet();
  expect(await codeOf(move(storage, "a", "b"))).toBe("name_taken");
  expect(await move(storage, "a", "b", true)).toMatchObject({ replaced: true });
  expect((await readdir(root.root)).sort()).toEqual([".sluice", "b"]);
});

const noMounts = await whyNoMounts("/var/tmp");
if (noMounts) skipped("moves between file systems", noMounts, "run it as root on Linux");

test.skipIf(noMounts !== null)(
  "a folder on another file system can be moved within it and removed, never partially",
  async () => {
    await using root = await TemporaryRoot.make();
    const storage = await root.open();
    await mkdir(root.in("mount"));
    await using _ = await Mount.tmpfs(root.in("mount"), "size=2m");
    await mkdir(root.in("mount/a/b"), { recursive: true });
    await writeFile(root.in("mount/a/b/file"), "x");
    await put(storage, "here/file", "y");
    await move(storage, "mount/a", "mount/c");
    expect(await codeOf(move(storage, "mount/c", "d"))).toBe("other_file_system");
    expect(await codeOf(move(storage, "mount/c/b/file", "d"))).toBe("other_file_system");
    expect(await codeOf(move(storage, "here", "mount/d"))).toBe("other_file_system");
    expect(await codeOf(move(storage, "mount", "d"))).toBe("mount_point");
    expect(await codeOf(removeFolder(storage, "mount"))).toBe("mount_point");
    expect((await readdir(root.root)).sort()).toEqual([".sluice", "here", "mount"]);
    expect(await readdir(root.in("mount"))).toEqual(["c"]);
    await removeFolder(storage, "mount/c");
    expect(await readdir(root.in("mount"))).toEqual([]);
    expect((await lstat(root.in("mount"))).isDirectory()).toBe(true);
    await rm(root.in("here"), { recursive: true });
  },
);

test.each(NAMING)(
  "%s: a file that takes the new name during the operation is kept",
  async (naming, system) => {
    await using root = await TemporaryRoot.make();
    await plant(root);
    let named = false;
    const storage = await root.open({
      calls: watchedCalls(
        async (name, from) => {
          if (name === naming && String(from).endsWith("/file")) named = true;
          if (name !== "sync" || !named) return;
          named = false;
          await writeFile(root.in("saved"), "saved");
          await rename(root.in("saved"), root.in("new"));
        },
        undefined,
        system,
      ),
    });
    const { entry } = await move(storage, "folder/inner/file", "new");
    expect(entry).toMatchObject({ path: "new", size: "folder/inner/file".length });
    expect(await contentOf(storage, "new")).toBe("saved");
    expect(await codeOf(move(storage, "folder/inner/file", "newer"))).toBe("not_found");
  },
);
