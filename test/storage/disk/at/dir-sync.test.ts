// Shared syncs of folders: few of them, each begun after everyone who waits for it asked.

import { describe, expect, test } from "bun:test";
import { openSync } from "node:fs";
import { DirSync } from "../../../../src/storage/disk/at/dir-sync.ts";
import { closeDir, type DirHandle } from "../../../../src/storage/disk/at/handle.ts";
import { calls } from "../../../../src/storage/disk/os/calls.ts";
import { watchRejections } from "../../rejections.ts";
import { callsWith, systemError } from "../faults.ts";
import { TemporaryRoot } from "../temporary-root.ts";

watchRejections();

/** Syncs that end when told. */
function syncsOnCommand() {
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

async function anchors(count: number, inside: (anchors: DirHandle[]) => Promise<void>): Promise<void> {
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

const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("FolderSync", () => {
  test("lets everyone who asks while one sync runs share the next", async () => {
    await anchors(10, async (open) => {
      const { running, folders } = syncsOnCommand();
      const ended: number[] = [];
      const all = open.map((dir, index) => folders.sync(dir).then(() => ended.push(index)));
      await turns();
      expect(running).toHaveLength(1);
      running[0]?.resolve();
      await turns();
      expect(ended).toEqual([0]);
      expect(running).toHaveLength(2);
      running[1]?.resolve();
      await Promise.all(all);
      expect(running).toHaveLength(2);
    });
  });

  test("never lets somebody share a sync that began before they asked", async () => {
    await anchors(3, async ([one, two, three]) => {
      if (!one || !two || !three) throw new Error("three anchors");
      const { running, folders } = syncsOnCommand();
      const first = folders.sync(one);
      const second = folders.sync(two);
      running[0]?.resolve();
      await first;
      await turns();
      // The second runs now: the third must wait for another.
      const third = folders.sync(three);
      running[1]?.resolve();
      await second;
      await turns();
      expect(running).toHaveLength(3);
      running[2]?.resolve();
      await third;
    });
  });

  test("tells a failure to those who shared it, and tries again for the others", async () => {
    await anchors(3, async ([one, two, three]) => {
      if (!one || !two || !three) throw new Error("three anchors");
      const { running, folders } = syncsOnCommand();
      const ends = [folders.sync(one), folders.sync(two), folders.sync(three)].map((sync) =>
        sync.then(
          () => "synced",
          (error: Error) => error.message,
        ),
      );
      running[0]?.reject(systemError("EIO"));
      await turns();
      running[1]?.resolve();
      expect(await Promise.all(ends)).toEqual(["EIO: as ordered", "synced", "synced"]);
      const again = folders.sync(one);
      running[2]?.resolve();
      await again;
    });
  });

  test("syncs different folders beside one another", async () => {
    await anchors(1, async ([one]) => {
      await anchors(1, async ([other]) => {
        if (!one || !other) throw new Error("two anchors");
        const { running, folders } = syncsOnCommand();
        const both = [folders.sync(one), folders.sync(other)];
        expect(running).toHaveLength(2);
        for (const sync of running) sync.resolve();
        await Promise.all(both);
      });
    });
  });
});
