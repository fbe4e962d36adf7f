// The disk writer: every byte at its offset, for any descriptor, chunks and syncs.

import { describe, expect, test } from "bun:test";
import { constants, fstatSync } from "node:fs";
import { calls } from "../../../../src/storage/disk/os/calls.ts";
import { BATCH } from "../../../../src/storage/disk/write/batch-buffer.ts";
import {
  CHANGEOVER,
  FIRST_WINDOW,
  SYNC_LAG_LIMIT,
  SYNC_WINDOW,
} from "../../../../src/storage/disk/write/writer.ts";
import { bytes, chunksOf, difference, KIB, MIB } from "../../bytes.ts";
import { fill } from "../../driving.ts";
import { watchRejections } from "../../rejections.ts";
import { Gate, settle, until, Watched } from "../../until.ts";
import { sizeOf, Writing, written } from "./writing.ts";

watchRejections();

const around = (size: number): number[] => [size - 1, size, size + 1];
const sizes = [BATCH, CHANGEOVER, CHANGEOVER + BATCH, CHANGEOVER + 2 * BATCH].flatMap(around);

describe("a file contains exactly the appended bytes", () => {
  test.each([
    ["a descriptor", 0],
    ["a descriptor in append mode", constants.O_APPEND],
  ])("on %s, for sizes around the writer's thresholds, concurrently", async (_name, flags) => {
    await using writing = await Writing.make();
    const jobs = [4 * KIB, 64 * KIB, 600 * KIB, 1.5 * MIB].flatMap((length) =>
      [...sizes, 3 * MIB + 7].map((size) => ({ size, length })),
    );
    await Promise.all(
      jobs.map(async ({ size, length }) => {
        const { writer, path } = writing.writer({}, flags);
        const all = bytes(size, size + length);
        await fill(writer, chunksOf(all, length));
        await writer.finish();
        expect(difference(written(path), all)).toBeNull();
      }),
    );
    expect(writing.scheduler.held).toBe(0);
  });

  test("and no write is longer than the file so far, nor than a batch", async () => {
    await using writing = await Writing.make();
    const lengths: [length: number, size: number][] = [];
    for (const length of [64 * KIB, BATCH, MIB - 1, 3 * MIB]) {
      const { writer, fd } = writing.writer({
        write: async (file, batch) => {
          lengths.push([batch.byteLength, fstatSync(fd).size]);
          return await calls.write(file, batch);
        },
      });
      await fill(writer, chunksOf(bytes(8 * MIB), length));
      await writer.finish();
    }
    expect(lengths.length).toBeGreaterThan(20);
    expect(lengths.filter(([length, size]) => length > size || length > BATCH)).toEqual([]);
  });

  test("also if writes are slow and the next batch fills during a write", async () => {
    await using writing = await Writing.make();
    const { writer, path } = writing.writer({
      write: async (file, batch) => {
        const count = await calls.write(file, batch);
        await settle();
        return count;
      },
    });
    const all = bytes(9 * MIB + 1);
    await fill(writer, chunksOf(all, 64 * KIB));
    await writer.finish();
    expect(difference(written(path), all)).toBeNull();
  });
});

describe("appends wait", () => {
  test("when a full batch waits for one in flight, and not before", async () => {
    await using writing = await Writing.make();
    const gate = new Gate();
    const { writer, path } = writing.writer({
      write: async (file, batch) => {
        const copy = batch.slice();
        await gate.pass();
        return await calls.write(file, copy);
      },
    });
    const all = bytes(CHANGEOVER + 2 * BATCH);
    const [first, ...chunks] = chunksOf(all, CHANGEOVER, 64 * KIB);
    if (first) await writer.append(first);
    const rooms = chunks.map((chunk) => writer.append(chunk));
    expect(rooms.findIndex((room) => room !== undefined)).toBe(rooms.length - 1);
    const room = new Watched(Promise.all(rooms));
    await settle();
    expect(room.state).toBe("pending");
    gate.open();
    await until("the append continues", () => room.state === "fulfilled");
    expect(writer.work.diskWaited).toBeGreaterThan(0);
    await writer.finish();
    expect(difference(written(path), all)).toBeNull();
  });

  test("for a sync that is too far behind, which counts as waiting for the sync", async () => {
    await using writing = await Writing.make();
    const gate = new Gate();
    let total = 0;
    const { writer } = writing.writer({
      write: async (_file, batch) => {
        total += batch.byteLength;
        return batch.byteLength;
      },
      datasync: () => gate.pass(),
      stat: (at) => ({ ...calls.stat(at), size: BigInt(CHANGEOVER + total) }),
    });
    const chunk = bytes(BATCH);
    while (CHANGEOVER + total < FIRST_WINDOW + SYNC_LAG_LIMIT) await writer.append(chunk);
    const room = new Watched(Promise.resolve(writer.append(chunk)));
    await settle();
    expect(room.state).toBe("pending");
    expect(gate.waiting).toBe(1);
    expect(writer.saved).toBe(0);
    expect(writer.work.syncWaited).toBe(0);
    gate.open();
    await until("the append continues", () => room.state === "fulfilled");
    expect(writer.work.syncWaited).toBeGreaterThan(0);
    await writer.finish();
    expect(writer.saved).toBe(CHANGEOVER + total);
  });
});

describe("saved bytes", () => {
  test("increase during the upload, and never exceed the synced bytes", async () => {
    await using writing = await Writing.make();
    let synced = 0;
    let syncs = 0;
    const { writer, path } = writing.writer({
      datasync: async (fd) => {
        syncs += 1;
        const size = fstatSync(fd).size;
        await calls.datasync(fd);
        synced = Math.max(synced, size);
      },
    });
    const all = bytes(3 * SYNC_WINDOW + 5);
    const seen = new Set<number>();
    let sent = 0;
    for (const chunk of chunksOf(all, 256 * KIB)) {
      await writer.append(chunk);
      expect(writer.saved).toBeLessThanOrEqual(synced);
      seen.add(writer.saved);
      sent += chunk.length;
      // A window must be saved long before the end of the upload.
      if (sent === 2 * SYNC_WINDOW)
        await until("the first window is saved", () => writer.saved >= SYNC_WINDOW);
    }
    expect(seen.size).toBeGreaterThan(1);
    await writer.finish();
    expect(writer.saved).toBe(all.length);
    expect(synced).toBe(all.length);
    expect(syncs).toBeLessThanOrEqual(9);
    expect(sizeOf(path)).toBe(all.length);
    expect(writer.work.syncBusy).toBeGreaterThan(0);
  });

  test("of an empty file are synced too", async () => {
    await using writing = await Writing.make();
    let syncs = 0;
    const { writer } = writing.writer({
      datasync: async () => {
        syncs += 1;
      },
    });
    await writer.finish();
    expect(syncs).toBe(1);
  });
});
