// Removals that could not be completed, or would reach another file system: refused before anything is changed, also at the start.

import { expect, test } from "bun:test";
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Problem } from "../../../../src/errors.ts";
import type { ProblemCode } from "../../../../src/problems.ts";
import type { DiskStorage } from "../../../../src/storage/disk/disk.ts";
import { newTrashId } from "../../../../src/storage/trash.ts";
import { skipped } from "../../../support/switches.ts";
import { file, put } from "../../driving.ts";
import { Mount, whyNoMounts } from "../faults.ts";
import { TemporaryRoot } from "../temporary-root.ts";

const noMounts = await whyNoMounts("/var/tmp");
if (noMounts) skipped("removals around mounted file systems", noMounts, "run it as root on Linux");

const RECURSIVE = { recursive: true };

/** The mounts at `folder/deep/mount`: another file system, or a folder or file of the same device. */
const MOUNTS = {
  tmpfs: async (root: TemporaryRoot) => {
    await mkdir(root.in("folder/deep/mount"));
    const mount = await Mount.tmpfs(root.in("folder/deep/mount"), "size=1m");
    await writeFile(root.in("folder/deep/mount/canary"), "canary");
    return mount;
  },
  "bind mount of a folder": async (root: TemporaryRoot) => {
    await mkdir(join(root.outside, "bound"));
    await mkdir(root.in("folder/deep/mount"));
    await writeFile(join(root.outside, "bound/canary"), "canary");
    return await Mount.bind(join(root.outside, "bound"), root.in("folder/deep/mount"));
  },
  "bind mount of a file": async (root: TemporaryRoot) => {
    await writeFile(join(root.outside, "bound"), "canary");
    await writeFile(root.in("folder/deep/mount"), "");
    return await Mount.bind(join(root.outside, "bound"), root.in("folder/deep/mount"));
  },
};

/** Every entry in the root, with the content of files. */
async function treeOf(root: TemporaryRoot): Promise<string[]> {
  const entries = await readdir(root.root, { recursive: true, withFileTypes: true });
  const lines = entries
    .filter(({ name }) => name !== "lock" && !name.endsWith(".note"))
    .map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      return entry.isFile() ? `${path}: ${await readFile(path, "utf8")}` : path;
    });
  return (await Promise.all(lines)).sort();
}

async function plant(root: TemporaryRoot): Promise<DiskStorage> {
  const storage = await root.open();
  for (const path of ["folder/a", "folder/deep/b", "folder/z", "beside"]) await put(storage, path, path);
  return storage;
}

/** The detail of the problem with which a call fails. */
async function refusal(call: Promise<unknown>, code: ProblemCode): Promise<string> {
  const error: unknown = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Problem)) throw new Error(`Not refused: ${error}`);
  expect(error.code).toBe(code);
  return error.detail;
}

test.skipIf(noMounts !== null).each(Object.entries(MOUNTS))(
  "a folder around a %s can neither be deleted nor moved to the trash, and keeps all its contents",
  async (_, mountIn) => {
    await using root = await TemporaryRoot.make();
    const storage = await plant(root);
    const id = newTrashId(Date.now(), 0);
    await using _mount = await mountIn(root);
    const before = await treeOf(root);
    for (const remove of [
      () => storage.remove(file("folder"), RECURSIVE),
      () => storage.remove(file("folder/deep"), RECURSIVE),
      () => storage.trash.put(file("folder"), id, RECURSIVE),
    ])
      expect(await refusal(remove(), "mount_point")).toContain("`folder/deep/mount`");
    const after = await treeOf(root);
    expect(after.filter((line) => !line.endsWith(".sluice/trash"))).toEqual(before);
    expect(before.some((line) => line.endsWith(": canary"))).toBe(true);
    await storage.remove(file("folder/a"));
  },
);

test.skipIf(noMounts !== null)("a mount inside the trash prevents its entry from being deleted", async () => {
  await using root = await TemporaryRoot.make();
  const storage = await plant(root);
  const id = newTrashId(Date.now(), 0);
  await storage.trash.put(file("folder"), id, RECURSIVE);
  const inTrash = root.in(".sluice/trash", `${id}.entry`);
  await using _mount = await Mount.tmpfs(join(inTrash, "deep"), "size=1m");
  await writeFile(join(inTrash, "deep/canary"), "canary");
  expect(await refusal(storage.trash.remove(id), "mount_point")).toContain("`folder/deep`");
  expect(await readFile(join(inTrash, "deep/canary"), "utf8")).toBe("canary");
  expect(await readFile(join(inTrash, "a"), "utf8")).toBe("folder/a");
  expect(await storage.trash.find(id)).toEqual({ path: file("folder"), kind: "folder" });
});

test.skipIf(noMounts !== null)(
  "a mount among the leftovers of an earlier run is skipped at every start",
  async () => {
    await using root = await TemporaryRoot.make();
    await root.open();
    const left = root.in(".sluice/uploads/left");
    await mkdir(join(left, "mount"), { recursive: true });
    await using _mount = await Mount.tmpfs(join(left, "mount"), "size=1m");
    await writeFile(join(left, "mount/canary"), "canary");
    await writeFile(root.in(".sluice/uploads/other"), "x");
    for (let start = 1; start <= 2; start += 1) {
      const storage = await root.reopen();
      expect(root.warnings).toHaveLength(start);
      expect(root.warnings.at(-1)).toContain("`left/mount`");
      expect(await root.temporaries()).toEqual(["left"]);
      await put(storage, `file ${start}`, "x");
      expect(await readFile(join(left, "mount/canary"), "utf8")).toBe("canary");
    }
  },
);

const immutable = async (path: string, on: boolean): Promise<string> =>
  (await Bun.$`chattr ${on ? "+i" : "-i"} ${path}`.nothrow().quiet()).stderr.toString();

/** Why nothing can be made immutable here, or `null`. */
async function whyNotImmutable(): Promise<string | null> {
  await using root = await TemporaryRoot.make();
  const failure = await immutable(root.root, true);
  if (failure === "") await immutable(root.root, false);
  return failure === "" ? null : failure;
}
const notImmutable = await whyNotImmutable();
if (notImmutable) skipped("removals of immutable files", notImmutable, "run it as root on ext4");

test.skipIf(notImmutable !== null)(
  "an immutable file or folder prevents the removal of the folder around it",
  async () => {
    await using root = await TemporaryRoot.make();
    const storage = await plant(root);
    await mkdir(root.in("folder/empty"));
    for (const path of ["folder/deep/b", "folder/deep", "folder/empty", "folder/a"]) {
      await immutable(root.in(path), true);
      const before = await treeOf(root);
      try {
        expect(await refusal(storage.remove(file("folder"), RECURSIVE), "no_access")).toContain(
          `\`${path}\``,
        );
        expect(await treeOf(root)).toEqual(before);
      } finally {
        await immutable(root.in(path), false);
      }
    }
    const id = newTrashId(Date.now(), 0);
    await storage.trash.put(file("folder"), id, RECURSIVE);
    const inTrash = root.in(".sluice/trash", `${id}.entry`);
    await immutable(join(inTrash, "a"), true);
    try {
      expect(await refusal(storage.trash.remove(id), "no_access")).toContain("`folder/a`");
      expect((await readdir(inTrash)).sort()).toEqual(["a", "deep", "empty", "z"]);
    } finally {
      await immutable(join(inTrash, "a"), false);
    }
    await storage.trash.remove(id);
  },
);

test("files without permissions, links that are broken or lead out, and unusual names are removed", async () => {
  await using root = await TemporaryRoot.make();
  const storage = await plant(root);
  await chmod(root.in("folder/a"), 0o000);
  await symlink("/nowhere", root.in("folder/nowhere"));
  await symlink(root.outside, root.in("folder/out"));
  await writeFile(Buffer.concat([Buffer.from(root.in("folder/deep/")), Buffer.from([0xff, 0xfe])]), "x");
  await mkdir(root.in("folder", ..."d".repeat(90)), { recursive: true });
  await storage.remove(file("folder"), RECURSIVE);
  expect((await readdir(root.root)).sort()).toEqual([".sluice", "beside"]);
  expect(await root.temporaries()).toEqual([]);
  expect(root.warnings).toEqual([]);
});
