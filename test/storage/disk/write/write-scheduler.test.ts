// The write scheduler: bounded memory of all uploads, and timed flushes of slow ones.

import { describe, expect, test } from "bun:test";
import { calls } from "../../../../src/storage/disk/os/calls.ts";
import { BATCH } from "../../../../src/storage/disk/write/batch-buffer.ts";
import {
  type Flushable,
  MEMORY_LIMIT,
  WriteScheduler,
} from "../../../../src/storage/disk/write/write-scheduler.ts";
import { CHANGEOVER } from "../../../../src/storage/disk/write/writer.ts";
import { bytes, chunksOf, difference, KIB, MIB } from "../../bytes.ts";
import { codeOf, fill } from "../../driving.ts";
import { watchRejections } from "../../rejections.ts";
import { Gate, settle, until } from "../../until.ts";
import { failing } from "../faults.ts";
import { sizeOf, Writing, written } from "./writing.ts";

watchRejections();

describe("memory of all uploads", () => {
  test.each([64 * KIB, MIB])(
    "stays below the limit plus one chunk of %d bytes per upload, on a disk that hangs",
    async (length) => {
      await using writing = await Writing.make();
      const gate = new Gate();
      const all = bytes(CHANGEOVER + 3 * MIB);
      const uploads = Array.from({ length: 50 }, () =>
        writing.writer({
          write: async (file, batch) => {
            const copy = batch.slice();
            await gate.pass();
            return await calls.write(file, copy);
          },
        }),
      );
      let most = 0;
      const sending = uploads.map(async ({ writer }) => {
        for (const chunk of chunksOf(all, length)) {
          const room = writer.append(chunk);
          most = Math.max(most, writing.scheduler.held);
          if (room) await room;
          most = Math.max(most, writing.scheduler.held);
        }
        await writer.finish();
      });
      await until("every upload waits", () => gate.waiting === uploads.length);
      await settle();
      expect(writing.scheduler.overLimit).toBe(true);
      gate.open();
      await Promise.all(sending);
      expect(most).toBeGreaterThan(MEMORY_LIMIT);
      expect(most).toBeLessThanOrEqual(MEMORY_LIMIT + uploads.length * Math.min(length, BATCH));
      expect(writing.scheduler.held).toBe(0);
      for (const { path } of uploads) expect(difference(written(path), all)).toBeNull();
    },
  );

  test("is released by uploads that fail or stop", async () => {
    await using writing = await Writing.make();
    for (let round = 0; round < 5; round += 1) {
      const failed = writing.writer({ write: failing("EIO") }).writer;
      expect(await codeOf(fill(failed, chunksOf(bytes(4 * MIB), 100 * KIB)))).toBe("storage_failed");
      const stopped = writing.writer().writer;
      await fill(stopped, chunksOf(bytes(CHANGEOVER + 300 * KIB), CHANGEOVER, 100 * KIB));
      expect(writing.scheduler.held).toBeGreaterThan(0);
      await Promise.all([failed.stop(), stopped.stop()]);
      expect(writing.scheduler.held).toBe(0);
    }
  });
});

describe("the timed flush", () => {
  test("writes and syncs the bytes of a slow upload before its batch is full", async () => {
    await using writing = await Writing.make();
    const { writer, path } = writing.writer();
    await fill(writer, chunksOf(bytes(CHANGEOVER + 100 * KIB), CHANGEOVER, 50 * KIB));
    expect(sizeOf(path)).toBe(CHANGEOVER);
    await until("the rest is written", () => sizeOf(path) === CHANGEOVER + 100 * KIB);
    expect(writing.scheduler.held).toBe(0);
    await until("the rest is synced", () => writer.saved === CHANGEOVER + 100 * KIB);
    await writer.append(bytes(1000));
    await writer.finish();
    expect(writer.saved).toBe(CHANGEOVER + 100 * KIB + 1000);
  });

  test("also saves the bytes of a slow upload of a small file", async () => {
    await using writing = await Writing.make();
    const { writer, path } = writing.writer();
    const all = bytes(90 * KIB);
    for (const chunk of chunksOf(all, 30 * KIB)) {
      const before = writer.saved;
      await writer.append(chunk);
      await until("the chunk is saved", () => writer.saved === before + chunk.length);
      expect(sizeOf(path)).toBe(writer.saved);
    }
    await writer.finish();
    expect(difference(written(path), all)).toBeNull();
  });

  test("counts no byte as saved before it is on the disk when an upload passes its first MiB", async () => {
    await using writing = await Writing.make();
    const uploads = Array.from({ length: 20 }, (_, index) => {
      const synced: number[] = [];
      const made = writing.writer({
        datasync: async (fd) => {
          synced.push(sizeOf(made.path));
          await calls.datasync(fd);
        },
      });
      return { ...made, synced, all: bytes(CHANGEOVER + 300 * KIB + index) };
    });
    await Promise.all(
      uploads.map(async ({ writer, all, synced }) => {
        for (const chunk of chunksOf(all, 40 * KIB)) {
          const room = writer.append(chunk);
          // Like the timed flush, at any moment.
          void writer.syncWritten();
          await room;
          expect(writer.saved).toBeLessThanOrEqual(synced.at(-1) ?? 0);
        }
        await writer.finish();
      }),
    );
    for (const { path, all } of uploads) expect(difference(written(path), all)).toBeNull();
    expect(uploads.some(({ synced }) => synced.some((size) => size < CHANGEOVER))).toBe(true);
  });

  test("causes no additional sync for a small file that ends immediately", async () => {
    await using writing = await Writing.make();
    let syncs = 0;
    for (let round = 0; round < 20; round += 1) {
      const { writer } = writing.writer({
        datasync: async (fd) => {
          syncs += 1;
          await calls.datasync(fd);
        },
      });
      await fill(writer, chunksOf(bytes(200 * KIB), 64 * KIB));
      await writer.finish();
    }
    expect(syncs).toBe(20);
  });

  test("writes many slow uploads without mixing up their bytes", async () => {
    await using writing = await Writing.make();
    const uploads = Array.from({ length: 40 }, (_, index) => ({
      ...writing.writer(),
      all: bytes(CHANGEOVER + 10_000 + index * 1000, index),
    }));
    await Promise.all(uploads.map(({ writer, all }) => fill(writer, chunksOf(all, CHANGEOVER, 5000))));
    await until("all are written", () => uploads.every(({ path, all }) => sizeOf(path) === all.length));
    await Promise.all(uploads.map(({ writer }) => writer.finish()));
    for (const { path, all } of uploads) expect(difference(written(path), all)).toBeNull();
  });

  test("does not write uploads that were stopped or have failed", async () => {
    await using writing = await Writing.make();
    let writes = 0;
    const counted = {
      write: async (): Promise<number> => {
        writes += 1;
        throw new Error("The timed flush wrote.");
      },
    };
    const stopped = writing.writer(counted).writer;
    await fill(stopped, chunksOf(bytes(CHANGEOVER + 1000), CHANGEOVER));
    await stopped.stop();
    // This upload is later in the queue: when it was written, the other one was skipped.
    const later = writing.writer();
    await fill(later.writer, chunksOf(bytes(CHANGEOVER + 1000), CHANGEOVER));
    await until("the later one is written", () => sizeOf(later.path) === CHANGEOVER + 1000);
    expect(writes).toBe(0);
  });

  test("continues for other uploads if the sync of one fails", async () => {
    await using writing = await Writing.make();
    const broken = writing.writer({ datasync: failing("EIO") }).writer;
    const sound = writing.writer().writer;
    await fill(broken, chunksOf(bytes(CHANGEOVER + 1000), CHANGEOVER));
    await fill(sound, chunksOf(bytes(CHANGEOVER + 1000), CHANGEOVER));
    await until("the other one is synced", () => sound.saved === CHANGEOVER + 1000);
    expect(() => broken.append(bytes(1))).toThrow("storage_failed");
    expect(broken.saved).toBe(0);
  });

  test("skips uploads that were removed", async () => {
    const scheduler = new WriteScheduler();
    const visited: string[] = [];
    const writer = (name: string): Flushable => ({
      writeStaged: () => void visited.push(`${name} staged`),
      syncWritten: () => {
        visited.push(`${name} written`);
        return undefined;
      },
    });
    const [gone, there] = [writer("gone"), writer("there")];
    for (const one of [gone, there]) {
      scheduler.staged(one);
      scheduler.written(one);
    }
    scheduler.forget(gone);
    await until("the timed flush ran", () => visited.includes("there written"));
    scheduler.forget(there);
    expect(visited).toContain("there staged");
    expect(visited.filter((name) => name.startsWith("gone"))).toEqual([]);
  });
});

describe("the load", () => {
  test("counts buffered bytes, waiting uploads and running syncs, including failed ones", async () => {
    const scheduler = new WriteScheduler();
    const load = () => ({ held: scheduler.held, waiting: scheduler.waiting, syncing: scheduler.syncing });
    const none = { held: 0, waiting: 0, syncing: 0 };
    expect(load()).toEqual(none);
    const writer: Flushable = { writeStaged: () => {}, syncWritten: () => undefined };
    scheduler.staged(writer);
    scheduler.hold(10);
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const syncs = [first, second].map(({ promise }) => scheduler.sync(promise));
    expect(load()).toEqual({ held: 10, waiting: 1, syncing: 2 });
    first.resolve();
    await syncs[0];
    second.reject(new Error("EIO"));
    expect(await syncs[1]?.catch((error: Error) => error.message)).toBe("EIO");
    scheduler.launched(writer);
    scheduler.release(10);
    expect(load()).toEqual(none);
  });
});
