// Contract: a file contains exactly the appended bytes, for any chunk lengths.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { bytes, chunksOf, difference, KIB, MIB } from "../bytes.ts";
import { file, fill, reading } from "../driving.ts";
import type { Current } from "./current.ts";

export function contentContract(name: string, current: Current): void {
  describe(`${name}: a file contains exactly the appended bytes`, () => {
    const CHANGEOVER = MIB;
    const BATCH = 512 * KIB;
    const around = (size: number): number[] => [size - 1, size, size + 1];
    const sizes = [BATCH, CHANGEOVER, CHANGEOVER + BATCH, CHANGEOVER + 2 * BATCH].flatMap(around);

    async function expectSame(all: Uint8Array<ArrayBuffer>, ...lengths: number[]): Promise<void> {
      const upload = await current.storage.begin(file("file"));
      // Copies, because the storage owns the appended chunks.
      for (const chunk of chunksOf(all, ...lengths)) await upload.append(chunk.slice());
      const { entry } = await upload.finish(file("file"), { replace: true });
      expect(entry.size).toBe(all.length);
      expect(difference(await reading(current.storage, "file", ({ body }) => body.bytes()), all)).toBeNull();
    }

    test.each([4 * KIB, 64 * KIB, 700 * KIB, Math.round(1.3 * MIB)])(
      "in chunks of %d bytes, for sizes around the writer's thresholds",
      async (length) => {
        for (const size of [1, ...sizes, 5 * MIB + 3]) await expectSame(bytes(size, size), length);
      },
    );

    test("in chunks of one byte", async () => {
      for (const size of [1000, CHANGEOVER + 1, CHANGEOVER + BATCH + 1])
        await expectSame(bytes(size, size), 1);
    });

    test("in chunks of increasing length", async () => {
      await expectSame(bytes(6 * MIB + 5), MIB, Math.round(1.5 * MIB), 3 * MIB);
      await expectSame(bytes(9 * MIB + 5), MIB - 1, 4 * MIB, 1, 5 * MIB);
      await expectSame(bytes(9 * MIB + 5), 1, MIB, 7 * MIB);
    });

    test("in chunks of random lengths", async () => {
      const length = fc.constantFrom(1, 4 * KIB, 64 * KIB, BATCH - 1, BATCH, MIB - 1, MIB, MIB + 1, 2 * MIB);
      await fc.assert(
        fc.asyncProperty(
          fc.array(length, { minLength: 1, maxLength: 8 }),
          fc.nat(1000),
          async (lengths, seed) => {
            const size = lengths.reduce((sum, part) => sum + part, 0);
            await expectSame(bytes(size, seed), ...lengths, MIB);
          },
        ),
        { numRuns: 15 },
      );
    });

    test("in 24 concurrent uploads", async () => {
      const all = Array.from({ length: 24 }, (_, index) => bytes(CHANGEOVER + index * 60_000, index * 1000));
      await Promise.all(
        all.map(async (content, index) => {
          const upload = await current.storage.begin(file(`${index}`));
          await fill(upload, chunksOf(content, 64 * KIB));
          await upload.finish(file(`${index}`), { replace: false });
        }),
      );
      for (const [index, content] of all.entries())
        expect(
          difference(await reading(current.storage, `${index}`, ({ body }) => body.bytes()), content),
        ).toBeNull();
    });
  });
}
