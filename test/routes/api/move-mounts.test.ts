// POST /api/move from another file system: copied, synced and removed, or left unchanged.

import { expect, test } from "bun:test";
import { mkdir, readdir, stat, symlink, utimes } from "node:fs/promises";
import { join } from "node:path";
import { Mount, whyNoMounts } from "../../storage/disk/faults.ts";
import { problemIn } from "../../support/problem.ts";
import { startServer } from "../../support/server.ts";
import { skipped } from "../../support/switches.ts";

const noMounts = await whyNoMounts("/var/tmp");
if (noMounts) skipped("moves between file systems", noMounts, "run it as root on Linux");

test.skipIf(noMounts !== null)(
  "an entry on another file system is moved completely or not at all",
  async () => {
    await using server = await startServer();
    const at = (path: string) => join(server.root, path);
    await mkdir(at("mount"));
    await using _ = await Mount.tmpfs(at("mount"), "size=4m");
    const move = (from: string, to: string) =>
      server.fetch("/api/move", { method: "POST", body: JSON.stringify({ from, to }) });
    const then = new Date("2001-02-03T04:05:06Z");
    for (const path of ["mount/file", "mount/folder/inner/file", "mount/linked/file"])
      await Bun.write(at(path), path);
    await utimes(at("mount/folder/inner/file"), then, then);
    await symlink("file", at("mount/linked/link"));

    expect((await move("mount/file", "here/file")).status).toBe(201);
    expect(await Bun.file(at("here/file")).text()).toBe("mount/file");
    expect((await move("mount/folder", "here/folder")).status).toBe(201);
    expect(await Bun.file(at("here/folder/inner/file")).text()).toBe("mount/folder/inner/file");
    expect((await stat(at("here/folder/inner/file"))).mtime).toEqual(then);
    // The copy would lack the link, so the move would lose it.
    await problemIn(await move("mount/linked", "here/linked"), "other_file_system");
    await problemIn(await move("here/file", "mount/file"), "other_file_system");
    await problemIn(await move("mount", "here/mount"), "mount_point");
    expect(await readdir(at("mount"))).toEqual(["linked"]);
    expect((await readdir(at("mount/linked"))).sort()).toEqual(["file", "link"]);
    expect((await readdir(at("here"))).sort()).toEqual(["file", "folder"]);
    expect(await readdir(at(".sluice/uploads"))).toEqual([]);
  },
);

test("such a move is possible during --max-uploads uploads, but not during shutdown", async () => {
  await using server = await startServer({ maxUploads: 1 });
  await Bun.write(join(server.root, "a"), "a");
  const { uploader } = server.app.decorator.services;
  const release = uploader.admit();
  const move = (from: string, to: string) =>
    server.fetch("/api/move", { method: "POST", body: JSON.stringify({ from, to }) });
  expect((await move("a", "b")).status).toBe(201);
  release();
  uploader.drain();
  await problemIn(await move("b", "c"), "draining");
});
