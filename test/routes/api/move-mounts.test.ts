// POST /api/move from another file system: copied, synced and removed, or left unchanged.

import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Mount, whyNoMounts } from "../../storage/disk/faults.ts";
import { problemIn } from "../../support/problem.ts";
import { startServer } from "../../support/server.ts";
import { amount, skipped } from "../../support/switches.ts";

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

const ROUNDS = amount("ROUNDS", 8, 40);

test.skipIf(noMounts !== null)(
  "files that another program adds to the folder during the move are never lost",
  async () => {
    await using server = await startServer();
    const at = (path: string) => join(server.root, path);
    await mkdir(at("mount"));
    await using _ = await Mount.tmpfs(at("mount"), "size=256m");
    const statuses = new Set<number>();
    let placed = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      for (let index = 0; index < 20; index += 1)
        await Bun.write(at(`mount/folder/${index % 4}/${index}`), `${index}`);
      const late: string[] = [];
      let moving = true;
      const intrude = async (): Promise<void> => {
        for (let index = 0; moving; index += 1) {
          // Not faster than the server can copy.
          await Bun.sleep(1);
          await writeFile(at("mount/late"), "late");
          const name = `${index % 4}/late ${index}`;
          await rename(at("mount/late"), at(`mount/folder/${name}`)).then(
            () => void late.push(name),
            () => {},
          );
        }
      };
      const intruding = intrude();
      const body = JSON.stringify({ from: "mount/folder", to: "here" });
      const answer = await server.fetch("/api/move", { method: "POST", body });
      moving = false;
      await intruding;
      await answer.text();
      statuses.add(answer.status);
      placed += late.length;
      const there = (name: string) =>
        existsSync(at(`mount/folder/${name}`)) || existsSync(at(`here/${name}`));
      expect(late.filter((name) => !there(name))).toEqual([]);
      for (const path of ["mount/folder", "here"]) await rm(at(path), { recursive: true, force: true });
    }
    expect(placed).toBeGreaterThan(0);
    expect([...statuses].filter((status) => status !== 201 && status !== 409)).toEqual([]);
    expect(await readdir(at(".sluice/uploads"))).toEqual([]);
  },
);

test.skipIf(noMounts !== null)(
  "a folder around another mount is not moved between file systems",
  async () => {
    await using server = await startServer();
    const at = (path: string) => join(server.root, path);
    await mkdir(at("mount"));
    await using _ = await Mount.tmpfs(at("mount"), "size=1m");
    await mkdir(at("mount/folder/inner"), { recursive: true });
    await using _inner = await Mount.tmpfs(at("mount/folder/inner"), "size=1m");
    await writeFile(at("mount/folder/inner/canary"), "canary");
    const body = JSON.stringify({ from: "mount/folder", to: "here" });
    const { detail } = await problemIn(
      await server.fetch("/api/move", { method: "POST", body }),
      "mount_point",
    );
    expect(detail).toContain("`mount/folder/inner`");
    expect((await readdir(server.root)).sort()).toEqual([".sluice", "mount"]);
    expect(await Bun.file(at("mount/folder/inner/canary")).text()).toBe("canary");
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
