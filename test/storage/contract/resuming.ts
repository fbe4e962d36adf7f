// Contract: a partial upload contains exactly the appended bytes after suspending, truncating and concatenating.

import { describe, expect, test } from "bun:test";
import { newUploadId, type UploadId } from "../../../src/storage/upload-id.ts";
import { bytes, chunksOf, difference, KIB, MIB } from "../bytes.ts";
import { Dice } from "../dice.ts";
import { codeOf, contentOf, file, fill, text } from "../driving.ts";
import type { Current } from "./current.ts";
import { waitingUploads } from "./waiting.ts";

const CHANGEOVER = MIB;
const BATCH = 512 * KIB;
const around = (size: number): number[] => [size - 1, size, size + 1];
const SIZES = [0, 1, ...[BATCH, CHANGEOVER, CHANGEOVER + BATCH, 3 * MIB].flatMap(around)];

export function resumingContract(name: string, current: Current): void {
  const { begin, resume, waiting, expectFinished } = waitingUploads(current);

  describe(`${name}: the bytes of a partial upload`, () => {
    test("continue where it was suspended, for sizes around the writer's thresholds", async () => {
      for (const size of SIZES)
        for (const cut of new Set([0, Math.floor(size / 3), Math.max(0, size - 1), size])) {
          const all = bytes(size, size + cut);
          const id = await waiting(all.subarray(0, cut));
          const upload = await resume(id);
          expect({ size, cut, length: upload.length, saved: upload.saved }).toEqual({
            size,
            cut,
            length: cut,
            saved: cut,
          });
          await fill(upload, chunksOf(all.subarray(cut), 100 * KIB));
          await expectFinished(upload, all);
        }
    });

    test("continue where it was suspended, cut anywhere, repeatedly, across restarts", async () => {
      const dice = new Dice(4711);
      for (let round = 0; round < 25; round += 1) {
        const all = bytes(dice.upTo(4 * MIB), round);
        const id = newUploadId();
        let upload = await begin(id);
        await current.storage.writeMetadata(id, "note");
        for (let at = 0; at < all.length; at = upload.length) {
          const part = all.subarray(at, at + dice.oneOf(1, 1000, 300 * KIB, BATCH, MIB, 2 * MIB));
          await fill(upload, chunksOf(part, dice.oneOf(4 * KIB, 64 * KIB, 700 * KIB)));
          expect(upload.length).toBe(at + part.length);
          if (dice.upTo(3) === 0) continue;
          await upload.suspend();
          expect(upload.length).toBe(at + part.length);
          if (dice.upTo(4) === 0) await current.reopen();
          upload = await resume(id);
          expect(upload.length).toBe(at + part.length);
        }
        await expectFinished(upload, all);
      }
    });

    test("can be truncated to any length, and continued with other bytes", async () => {
      const dice = new Dice(42);
      const cuts = [0, 1, BATCH, CHANGEOVER - 1, CHANGEOVER, CHANGEOVER + 1, 2 * MIB, 3 * MIB];
      for (const cut of cuts)
        for (const resumed of [false, true]) {
          const wrong = bytes(3 * MIB, 7);
          const all = bytes(3 * MIB + 17, 7);
          all.set(bytes(all.length - cut, 99), cut);
          const id = newUploadId();
          let upload = await begin(id);
          await fill(upload, chunksOf(wrong, dice.oneOf(1000, 64 * KIB, MIB)));
          if (resumed) {
            await upload.suspend();
            upload = await resume(id);
          }
          await upload.truncate(cut);
          expect(upload.length).toBe(cut);
          expect(upload.saved).toBeLessThanOrEqual(cut);
          await fill(upload, chunksOf(all.subarray(cut), dice.oneOf(1000, 64 * KIB, MIB)));
          await expectFinished(upload, all);
        }
    });

    test("can be read from the start, synced or not, and then continued", async () => {
      for (const size of SIZES) {
        const all = bytes(size + 100, size);
        const upload = await resume(await waiting(all.subarray(0, Math.floor(size / 3))));
        await fill(upload, chunksOf(all.subarray(upload.length, size), 100 * KIB));
        const read = async () => {
          const chunks: Uint8Array[] = [];
          // A slice is valid only until the next one.
          for await (const chunk of upload.contents()) chunks.push(chunk.slice());
          return Buffer.concat(chunks);
        };
        expect(difference(await read(), all.subarray(0, size))).toBeNull();
        await fill(upload, [all.subarray(size)]);
        expect(difference(await read(), all)).toBeNull();
        await expectFinished(upload, all);
      }
    });

    test("cannot be truncated to a larger length", async () => {
      const upload = await begin(newUploadId());
      await fill(upload, [text("abc")]);
      await upload.truncate(3);
      expect(await codeOf(upload.truncate(4))).toBe("storage_failed");
      await upload.discard();
    });

    test("can be followed by those of other uploads, and then by further bytes", async () => {
      const sizes = [0, 1, 1000, CHANGEOVER, 0, 2 * MIB + 1, BATCH - 1];
      const parts = sizes.map((size, index) => bytes(size, index * 1000));
      const ids: UploadId[] = [];
      for (const part of parts) ids.push(await waiting(part));
      for (const own of [0, 5, MIB + 5])
        for (const resumed of [false, true]) {
          const upload = resumed ? await resume(await waiting(bytes(own, 3))) : await begin(newUploadId());
          if (!resumed) await fill(upload, chunksOf(bytes(own, 3), 64 * KIB));
          await upload.appendFrom(ids);
          expect(upload.saved).toBe(upload.length);
          await fill(upload, chunksOf(bytes(700 * KIB, 4), 64 * KIB));
          await expectFinished(upload, Buffer.concat([bytes(own, 3), ...parts, bytes(700 * KIB, 4)]));
        }
      // The other uploads are unchanged.
      for (const [index, id] of ids.entries())
        await expectFinished(await resume(id), parts[index] ?? new Uint8Array());
    });

    test("cannot be followed by those of an upload that is missing, open or published", async () => {
      const upload = await begin(newUploadId());
      expect(await codeOf(upload.appendFrom([newUploadId()]))).toBe("not_found");
      await upload.discard();
      const open = await begin(newUploadId());
      const other = await begin(newUploadId());
      expect(await codeOf(other.appendFrom([open.id]))).toBe("storage_failed");
      await other.discard();
      await fill(open, [text("x")]);
      await open.finish(file("x"), { replace: false });
      const third = await begin(newUploadId());
      expect(await codeOf(third.appendFrom([open.id]))).toBe("not_found");
      await third.discard();
      expect(await contentOf(current.storage, "x")).toBe("x");
    });
  });
}
