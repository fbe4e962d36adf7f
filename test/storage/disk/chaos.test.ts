// Many uploads on a disk that fails occasionally.

import { describe, expect, test } from "bun:test";
import { Problem } from "../../../src/errors.ts";
import { ROOT } from "../../../src/path.ts";
import { chunksOf, difference, KIB, MIB } from "../bytes.ts";
import { entriesIn, file, fill, reading } from "../driving.ts";
import { watchRejections } from "../rejections.ts";
import { systemError } from "./faults.ts";
import { TemporaryRoot } from "./temporary-root.ts";
import { Descriptors, watchedCalls } from "./watched-calls.ts";

watchRejections();

describe("a hundred concurrent uploads with random failures", () => {
  test("leave complete files, no open descriptor, no temporary file, and close no descriptor twice", async () => {
    for (const seed of [1, 2, 3]) {
      await using root = await TemporaryRoot.make();
      const random = generator(seed);
      const descriptors = new Descriptors();
      let faults = 0;
      let armed = false;
      const calls = watchedCalls((name) => {
        // Removals never fail here; another test covers that.
        if (!armed || name === "unlink" || random() > 0.02) return;
        faults += 1;
        throw systemError(["EIO", "ENOSPC", "EMFILE", "EROFS"][Math.floor(random() * 4)] ?? "EIO");
      }, descriptors);
      const storage = await root.open({ calls });
      const before = await root.idleDescriptors();
      armed = true;
      const one = async (index: number): Promise<void> => {
        const path = file(`folder-${index % 3}/${index % 20}`);
        const size = Math.floor(random() * 2 * MIB);
        const upload = await storage.begin(path);
        const early = random() < 0.2 ? new Promise<void>((resolve) => setImmediate(resolve)) : null;
        const ending = early?.then(() => upload.discard());
        try {
          // Every byte identifies its upload.
          await fill(
            upload,
            chunksOf(new Uint8Array(size).fill(index), 10_000 + Math.floor(random() * 300 * KIB)),
          );
          const { entry } = await upload.finish(path, { replace: random() < 0.5 });
          expect(entry.size).toBe(size);
        } finally {
          await Promise.all([upload.discard(), upload.discard(), ending]);
        }
      };
      const ends = await Promise.allSettled(Array.from({ length: 100 }, (_, index) => one(index)));
      armed = false;
      const reasons = ends.flatMap((end) => (end.status === "rejected" ? [end.reason] : []));
      expect(reasons.filter((reason) => !(reason instanceof Problem))).toEqual([]);
      expect(faults).toBeGreaterThan(10);
      expect(reasons.length).toBeLessThan(100);
      expect(descriptors.closedTwice).toEqual([]);
      await root.expectDescriptors(before);
      expect(await root.temporaries()).toEqual([]);
      for (const folder of await entriesIn(storage, ROOT)) {
        if (folder.kind !== "folder") throw new Error("Only folders were created.");
        for (const entry of await entriesIn(storage, folder.path)) {
          if (entry.kind !== "file") throw new Error("Only files were created.");
          const content = await reading(storage, entry.path, ({ body }) => body.bytes());
          expect(difference(content, new Uint8Array(content.length).fill(content[0] ?? 0))).toBeNull();
        }
      }
    }
  }, 20_000);
});

/** Deterministic random numbers from 0 to 1. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
