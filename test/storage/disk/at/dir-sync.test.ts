// Shared syncs of folders: callers share a sync only if it began after their request.

import { describe, expect, test } from "bun:test";
import { openSync } from "node:fs";
import { DirSync } from "../../../../src/storage/disk/at/dir-sync.ts";
import { closeDir, type DirHandle } from "../../../../src/storage/disk/at/handle.ts";
import { calls } from "../../../../src/storage/disk/os/calls.ts";
import { watchRejections } from "../../rejections.ts";
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
