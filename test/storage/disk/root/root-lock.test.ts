// The lock of a root: one server per root, also across processes and crashes.

import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../../../../src/path.ts";
import { openDisk } from "../../../../src/storage/disk/disk.ts";
import { lockRoot, RootInUse } from "../../../../src/storage/disk/root/root-lock.ts";
import { codeOf, entriesIn } from "../../driving.ts";
import { watchRejections } from "../../rejections.ts";
import { settle } from "../../until.ts";
import { TemporaryRoot } from "../temporary-root.ts";

watchRejections();

/** Starts another process on the root. @returns its first line of output */
async function start(root: string) {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "hold-root.ts"), root], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const { value } = await child.stdout.getReader().read();
  return { child, said: new TextDecoder().decode(value).trim() };
}

describe("a root", () => {
  test("can be opened once in one process, by any path, and again after it was closed", async () => {
    await using root = await TemporaryRoot.make();
    const storage = await root.open();
    expect(await codeOf(root.open())).toBeInstanceOf(RootInUse);
    await symlink(root.root, join(root.outside, "alias"));
    const before = await root.idleDescriptors();
    expect(await codeOf(openDisk(join(root.outside, "alias")))).toBeInstanceOf(RootInUse);
    await root.expectDescriptors(before);
    await storage.close();
    await root.open();
  });

  test("locked by another process is refused, and can be opened after that was killed", async () => {
    await using root = await TemporaryRoot.make();
    const { child, said } = await start(root.root);
    try {
      expect(said).toBe("held");
      expect(await codeOf(root.open())).toBeInstanceOf(RootInUse);
      expect((await readdir(root.in(".sluice"))).sort()).toEqual(["kept", "lock", "uploads"]);
      // A refused process removes no files of the one that holds the lock.
      expect(await root.temporaries()).toHaveLength(1);
    } finally {
      child.kill("SIGKILL");
      await child.exited;
    }
    const storage = await root.open();
    expect(await root.temporaries()).toEqual([]);
    expect(await entriesIn(storage, ROOT)).toEqual([]);
  });

  test("locked by this process is refused to another one", async () => {
    await using root = await TemporaryRoot.make();
    await root.open();
    // A POSIX lock is lost when the same process opens and closes the file again.
    expect(await codeOf(root.open())).toBeInstanceOf(RootInUse);
    const { child, said } = await start(root.root);
    expect(said).toBe("RootInUse");
    expect(await child.exited).toBe(0);
  });

  test("of a read-only server needs no lock, and nothing is created in it", async () => {
    await using root = await TemporaryRoot.make();
    await root.open({ write: false });
    await root.open({ write: false });
    expect(await readdir(root.root)).toEqual([]);
  });
});

describe("lockRoot()", () => {
  test("does not follow links", async () => {
    await using root = await TemporaryRoot.make();
    const canary = join(root.outside, "canary");
    await symlink(canary, root.in("lock"));
    expect(() => lockRoot(root.root)).toThrow("link_in_path");
    expect(existsSync(canary)).toBe(false);
  });

  test("keeps the lock even if its handle is garbage-collected", async () => {
    await using root = await TemporaryRoot.make();
    lockRoot(root.root);
    for (let round = 0; round < 5; round += 1) {
      Bun.gc(true);
      await settle();
    }
    expect(() => lockRoot(root.root)).toThrow(RootInUse);
  });

  test("neither waits for a lock nor delays its release", async () => {
    await using root = await TemporaryRoot.make();
    for (let round = 0; round < 50; round += 1) {
      const lock = lockRoot(root.root);
      expect(() => lockRoot(root.root)).toThrow(RootInUse);
      lock.release();
    }
    await root.expectDescriptors([]);
  });
});
