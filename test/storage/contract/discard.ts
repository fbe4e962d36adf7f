// Contract: a discarded upload leaves nothing, at any time.

import { describe, expect, test } from "bun:test";
import { ROOT } from "../../../src/path.ts";
import { bytes, chunksOf, KIB, MIB } from "../bytes.ts";
import { codeOf, contentOf, entriesIn, file, fill, folder, put, text } from "../driving.ts";
import type { Current } from "./current.ts";

export function discardContract(name: string, current: Current): void {
  describe(`${name}: a discarded upload`, () => {
    test("leaves nothing, and releases its name and space", async () => {
      const { free } = await current.storage.space();
      const upload = await current.storage.begin(file("a/b"));
      await fill(upload, chunksOf(bytes(3 * MIB), 64 * KIB));
      await upload.discard();
      expect(await entriesIn(current.storage, ROOT)).toEqual([]);
      expect(await current.storage.find(folder("a"))).toBeNull();
      expect((await put(current.storage, "a/b", "x")).replaced).toBe(false);
      // Other programs use the disk too, so only approximately the space of this upload must be free again.
      expect((await current.storage.space()).free).toBeGreaterThanOrEqual(free - 64 * MIB);
    });

    test("may be discarded again, immediately and later", async () => {
      const upload = await current.storage.begin(file("a"));
      await fill(upload, [text("x")]);
      await Promise.all([upload.discard(), upload.discard()]);
      await upload.discard();
      expect(await entriesIn(current.storage, ROOT)).toEqual([]);
    });

    test("remains a file if it was finished before", async () => {
      const upload = await current.storage.begin(file("a"));
      await fill(upload, [text("x")]);
      await upload.finish(file("a"), { replace: false });
      await upload.discard();
      await upload.discard();
      expect(await contentOf(current.storage, "a")).toBe("x");
    });

    test("refuses further bytes and finish", async () => {
      const upload = await current.storage.begin(file("a"));
      await upload.discard();
      expect(await codeOf((async () => await upload.append(text("x")))())).toBe("storage_failed");
      expect(await codeOf(upload.finish(file("a"), { replace: false }))).toBe("storage_failed");
      expect(await entriesIn(current.storage, ROOT)).toEqual([]);
    });

    test("ends a pending append", async () => {
      for (let round = 0; round < 10; round += 1) {
        const upload = await current.storage.begin(file("a"));
        let waiting: Promise<void> | undefined;
        for (let chunk = 0; chunk < 8 && !waiting; chunk += 1) waiting = upload.append(bytes(MIB, chunk));
        const ends = await Promise.allSettled([waiting, upload.discard(), upload.discard()]);
        expect(ends.slice(1).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
        expect(await entriesIn(current.storage, ROOT)).toEqual([]);
      }
    });

    test("is a complete file or nothing if discard races with finish", async () => {
      for (let round = 0; round < 40; round += 1) {
        const path = file(`folder/${round}`);
        const upload = await current.storage.begin(path);
        await fill(upload, chunksOf(bytes(1000 + round * 50_000), 64 * KIB));
        const finish = codeOf(upload.finish(path, { replace: false }));
        // The finish progresses to a different step in each round.
        for (let turn = 0; turn < round; turn += 1)
          await new Promise<void>((resolve) => setImmediate(resolve));
        await upload.discard();
        const end = await finish;
        const found = await current.storage.find(path);
        if (end === "storage_failed") expect(found).toBeNull();
        else expect(end).toMatchObject({ resolved: { entry: found } });
      }
    });
  });
}
