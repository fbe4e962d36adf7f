// Shared syncs of folders: callers share a sync only if it began after their request.

import { describe, expect, test } from "bun:test";
import { existsSync, openSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { DirSync } from "../../../../src/storage/disk/at/dir-sync.ts";
import { closeDir, type DirHandle } from "../../../../src/storage/disk/at/handle.ts";
import type { DiskStorage } from "../../../../src/storage/disk/disk.ts";
import { calls } from "../../../../src/storage/disk/os/calls.ts";
import { copy } from "../../contract/copying.ts";
import { codeOf, contentOf, file, put } from "../../driving.ts";
import { watchRejections } from "../../rejections.ts";
import { settle, until } from "../../until.ts";
import { callsWith, systemError } from "../faults.ts";
import { TemporaryRoot } from "../temporary-root.ts";

watchRejections();

/** Syncs that a test completes. */
function manualSyncs() {
  const running: PromiseWithResolvers<void>[] = [];
  const folders = new DirSync(
    callsWith({
      sync: () => {
        const sync = Promise.withResolvers<void>();
        running.push(sync);
        return sync.promise;
      },
    }),
  );
  return { running, folders };
}

async function openHandles(
  count: number,
  inside: (openHandles: DirHandle[]) => Promise<void>,
): Promise<void> {
  await using root = await TemporaryRoot.make();
  const open = Array.from({ length: count }, () => {
    const fd = openSync(root.root, "r");
    return { fd, path: `/proc/self/fd/${fd}` };
  });
  try {
    await inside(open);
  } finally {
    for (const dir of open) await closeDir(calls, dir);
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("FolderSync", () => {
  test("callers during a running sync share the next one", async () => {
    await openHandles(10, async (open) => {
      const { running, folders } = manualSyncs();
      const ended: number[] = [];
      const all = open.map((dir, index) => folders.sync(dir).then(() => ended.push(index)));
      await nextTurn();
      expect(running).toHaveLength(1);
      running[0]?.resolve();
      await nextTurn();
      expect(ended).toEqual([0]);
      expect(running).toHaveLength(2);
      running[1]?.resolve();
      await Promise.all(all);
      expect(running).toHaveLength(2);
    });
  });

  test("a caller never shares a sync that began before its call", async () => {
    await openHandles(3, async ([one, two, three]) => {
      if (!one || !two || !three) throw new Error("three openHandles");
      const { running, folders } = manualSyncs();
      const first = folders.sync(one);
      const second = folders.sync(two);
      running[0]?.resolve();
      await first;
      await nextTurn();
      // The second sync is running, so the third caller must wait for another one.
      const third = folders.sync(three);
      running[1]?.resolve();
      await second;
      await nextTurn();
      expect(running).toHaveLength(3);
      running[2]?.resolve();
      await third;
    });
  });

  test("a failure is reported to the callers that shared it, and later callers get a new sync", async () => {
    await openHandles(3, async ([one, two, three]) => {
      if (!one || !two || !three) throw new Error("three openHandles");
      const { running, folders } = manualSyncs();
      const ends = [folders.sync(one), folders.sync(two), folders.sync(three)].map((sync) =>
        sync.then(
          () => "synced",
          (error: Error) => error.message,
        ),
      );
      running[0]?.reject(systemError("EIO"));
      await nextTurn();
      running[1]?.resolve();
      expect(await Promise.all(ends)).toEqual(["EIO: injected", "synced", "synced"]);
      const again = folders.sync(one);
      running[2]?.resolve();
      await again;
    });
  });

  test("different folders are synced concurrently", async () => {
    await openHandles(1, async ([one]) => {
      await openHandles(1, async ([other]) => {
        if (!one || !other) throw new Error("two openHandles");
        const { running, folders } = manualSyncs();
        const both = [folders.sync(one), folders.sync(other)];
        expect(running).toHaveLength(2);
        for (const sync of running) sync.resolve();
        await Promise.all(both);
      });
    });
  });
});

describe("a folder that another caller has just made", () => {
  /** A storage whose syncs of the root wait for the test, and the syncs of the root that have ended. */
  async function gated(root: TemporaryRoot) {
    const identity = statSync(root.root, { bigint: true });
    const waiting: PromiseWithResolvers<void>[] = [];
    /** How often the new folder was opened. */
    const seen = { opened: 0 };
    let held = false;
    const storage = await root.open({
      calls: callsWith({
        open: async (path, flags, mode) => {
          const fd = await calls.open(path, flags, mode);
          if (path.toString().endsWith("/fresh")) seen.opened += 1;
          return fd;
        },
        sync: async (fd) => {
          if (held && calls.stat(fd).ino === identity.ino) {
            const gate = Promise.withResolvers<void>();
            waiting.push(gate);
            await gate.promise;
          }
          await calls.sync(fd);
        },
      }),
    });
    held = true;
    return { storage, waiting, seen };
  }

  const MAKING: [what: string, make: (storage: DiskStorage) => Promise<unknown>][] = [
    ["an upload", (storage) => put(storage, "fresh/first", "a")],
    ["a request for the folder alone", (storage) => storage.makeFolder(file("fresh"))],
    ["a move", (storage) => storage.move(file("old"), file("fresh"), { replace: false })],
    ["a copy", (storage) => copy(storage, "old", "fresh")],
  ];

  test.each(MAKING)(
    "by %s holds back others that put a file into it, until its name is durable",
    async (_, make) => {
      await using root = await TemporaryRoot.make();
      await mkdir(root.in("old"));
      const { storage, waiting, seen } = await gated(root);
      const first = make(storage);
      await until("the folder waits for its sync", () => waiting.length === 1);
      let answered = false;
      const second = put(storage, "fresh/inner/second", "b").then(() => {
        answered = true;
      });
      await until("the second upload has found the folder", () => seen.opened === 1);
      await settle();
      expect(existsSync(root.in("fresh/inner"))).toBe(false);
      waiting[0]?.resolve();
      await until("a sync begins that was asked for afterwards", () => waiting.length === 2);
      expect(answered).toBe(false);
      for (let next = 1; !answered; next += 1) {
        await until("the next sync waits, or all is done", () => answered || waiting.length > next);
        waiting[next]?.resolve();
      }
      await Promise.all([first, second]);
      expect(await contentOf(storage, "fresh/inner/second")).toBe("b");
    },
  );

  test("is durable, with a file in it whose upload still waits, when makeDurable has ended", async () => {
    await using root = await TemporaryRoot.make();
    const { storage, waiting } = await gated(root);
    const first = put(storage, "new", "a");
    await until("the file has its name, and the root waits for its sync", () => waiting.length === 1);
    let durable = false;
    const made = storage.makeDurable(file("new")).then(() => {
      durable = true;
    });
    waiting[0]?.resolve();
    await first;
    await until("a sync begins that was asked for afterwards", () => waiting.length === 2);
    expect(durable).toBe(false);
    waiting[1]?.resolve();
    await made;
    expect(await codeOf(storage.makeDurable(file("missing")))).toBe("not_found");
  });

  test("is synced by the next upload if its own sync failed, and by none after that", async () => {
    await using root = await TemporaryRoot.make();
    const identity = statSync(root.root, { bigint: true });
    let [fails, synced] = [false, 0];
    const storage = await root.open({
      calls: callsWith({
        sync: async (fd) => {
          if (calls.stat(fd).ino === identity.ino) synced += 1;
          if (fails) throw systemError("EIO");
          await calls.sync(fd);
        },
      }),
    });
    fails = true;
    expect(await codeOf(put(storage, "fresh/a", "a"))).toBe("storage_failed");
    expect(existsSync(root.in("fresh"))).toBe(true);
    expect(await codeOf(put(storage, "fresh/a", "a"))).toBe("storage_failed");
    fails = false;
    synced = 0;
    await put(storage, "fresh/a", "a");
    expect(synced).toBe(1);
    await put(storage, "fresh/b", "b");
    expect(synced).toBe(1);
  });
});
