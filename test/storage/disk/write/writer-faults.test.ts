// The disk writer on a failing disk: the correct problem, immediately and permanently, and no call left running.

import { describe, expect, test } from "bun:test";
import { calls } from "../../../../src/storage/disk/os/calls.ts";
import { BATCH } from "../../../../src/storage/disk/write/batch-buffer.ts";
import { CHANGEOVER, FIRST_WINDOW, SYNC_WINDOW } from "../../../../src/storage/disk/write/writer.ts";
import { bytes, chunksOf, KIB, MIB } from "../../bytes.ts";
import { codeOf, fill } from "../../driving.ts";
import { watchRejections } from "../../rejections.ts";
import { Gate, settle, until, Watched } from "../../until.ts";
import { failing, sinkWith, systemError } from "../faults.ts";
import { Writing } from "./writing.ts";

watchRejections();

const FAULTS = [
  ["ENOSPC", "storage_full"],
  ["EDQUOT", "storage_full"],
  ["EIO", "storage_failed"],
  ["EROFS", "storage_read_only"],
] as const;

describe.each(FAULTS)("%s is %s", (errno, code) => {
  test("when the first bytes are written", async () => {
    await using writing = await Writing.make();
    const { writer } = writing.writer({
      sink: (file) => sinkWith(file, () => ({ write: () => Promise.reject(systemError(errno)) })),
    });
    expect(await codeOf(fill(writer, [bytes(1000)]))).toBe(code);
    expect(await codeOf(fill(writer, [bytes(1)]))).toBe(code);
    expect(await codeOf(writer.finish())).toBe(code);
  });

  test("when the first bytes cannot be passed to the sink", async () => {
    await using writing = await Writing.make();
    const { writer } = writing.writer({
      sink: (file) =>
        sinkWith(file, () => ({
          write: () => {
            throw systemError(errno);
          },
        })),
    });
    expect(() => writer.append(bytes(1000))).toThrow(code);
    expect(await codeOf(writer.finish())).toBe(code);
  });

  test("when the first bytes are flushed, and the sink is still closed", async () => {
    await using writing = await Writing.make();
    for (const size of [1000, CHANGEOVER]) {
      let ended = 0;
      const { writer } = writing.writer({
        sink: (file) =>
          sinkWith(file, (sink) => ({
            flush: () => Promise.reject(systemError(errno)),
            end: () => {
              ended += 1;
              return sink.end();
            },
          })),
      });
      const end = await codeOf(fill(writer, [bytes(size)]).then(() => writer.finish()));
      expect(end).toBe(code);
      expect(ended).toBe(1);
    }
  });

  test("when a batch is written, and for every later call", async () => {
    await using writing = await Writing.make();
    let writes = 0;
    const { writer } = writing.writer({
      write: async () => {
        writes += 1;
        throw systemError(errno);
      },
    });
    expect(await codeOf(fill(writer, chunksOf(bytes(4 * MIB), 64 * KIB)))).toBe(code);
    expect(await codeOf(fill(writer, [bytes(BATCH)]))).toBe(code);
    expect(await codeOf(writer.finish())).toBe(code);
    expect(writes).toBe(1);
  });

  test("when the last batch is written", async () => {
    await using writing = await Writing.make();
    const { writer } = writing.writer({ write: failing(errno) });
    await fill(writer, chunksOf(bytes(CHANGEOVER + 1000), CHANGEOVER, 1000));
    expect(await codeOf(writer.finish())).toBe(code);
  });

  test("when a window is synced, at the next append", async () => {
    await using writing = await Writing.make();
    const { writer } = writing.writer({
      write: async (_file, batch) => batch.byteLength,
      datasync: failing(errno),
    });
    expect(await codeOf(fill(writer, chunksOf(bytes(2 * SYNC_WINDOW), BATCH)))).toBe(code);
    expect(writer.saved).toBe(0);
  });

  test("when the end is synced, and when the size is read", async () => {
    await using writing = await Writing.make();
    const throwing = (): never => {
      throw systemError(errno);
    };
    for (const replaced of [{ datasync: failing(errno) }, { stat: throwing }]) {
      const { writer } = writing.writer(replaced);
      await fill(writer, [bytes(1000)]);
      expect(await codeOf(writer.finish())).toBe(code);
    }
  });
});

describe("a write that is shorter than reported", () => {
  test("is detected in the first bytes", async () => {
    await using writing = await Writing.make();
    const { writer } = writing.writer({
      sink: (file) =>
        sinkWith(file, (sink) => ({
          write: (chunk) => {
            sink.write(bytes(900));
            return chunk instanceof Uint8Array ? chunk.byteLength : 0;
          },
        })),
    });
    await fill(writer, [bytes(1000)]);
    expect(await codeOf(writer.finish())).toBe("storage_failed");
  });

  test("is detected in a batch", async () => {
    await using writing = await Writing.make();
    for (const lost of [1, BATCH]) {
      const { writer } = writing.writer({
        write: async (file, batch) => {
          if (batch.byteLength > lost) await calls.write(file, batch.subarray(lost));
          return batch.byteLength;
        },
      });
      await fill(writer, chunksOf(bytes(4 * MIB), 64 * KIB));
      expect(await codeOf(writer.finish())).toBe("storage_failed");
    }
  });
});

describe("stop()", () => {
  test("waits for the batch in flight, ends a waiting append, and releases all memory", async () => {
    await using writing = await Writing.make();
    const gate = new Gate();
    const { writer } = writing.writer({
      write: async (_file, batch) => {
        await gate.pass();
        return batch.byteLength;
      },
    });
    await writer.append(bytes(CHANGEOVER));
    await writer.append(bytes(BATCH));
    const waiting = new Watched(Promise.resolve(writer.append(bytes(BATCH))));
    const stops = [new Watched(writer.stop()), new Watched(writer.stop())];
    await settle();
    expect([waiting, ...stops].map(({ state }) => state)).toEqual(["pending", "pending", "pending"]);
    gate.open();
    await until("the end", () => stops.every(({ state }) => state === "fulfilled"));
    expect(waiting.state).toBe("rejected");
    expect(writing.scheduler.held).toBe(0);
    expect(gate.waiting).toBe(1);
    expect(() => writer.append(bytes(1))).toThrow("storage_failed");
  });

  test("waits for the sink, also while an append closes it", async () => {
    await using writing = await Writing.make();
    const gate = new Gate();
    const { writer } = writing.writer({
      sink: (file) =>
        sinkWith(file, (sink) => ({
          flush: async () => {
            await gate.pass();
            return await sink.flush();
          },
        })),
    });
    const append = new Watched(Promise.resolve(writer.append(bytes(CHANGEOVER))));
    const stop = new Watched(writer.stop());
    await settle();
    expect([append.state, stop.state]).toEqual(["pending", "pending"]);
    gate.open();
    await until("the end", () => stop.state === "fulfilled");
    expect(append.state).toBe("rejected");
  });

  test("waits for the running sync and a concurrent last one", async () => {
    await using writing = await Writing.make();
    const gate = new Gate();
    let running = 0;
    const { writer } = writing.writer({
      write: async (_file, batch) => batch.byteLength,
      datasync: async () => {
        running += 1;
        await gate.pass();
        running -= 1;
      },
    });
    await fill(writer, chunksOf(bytes(FIRST_WINDOW + CHANGEOVER), BATCH));
    await until("the sync", () => gate.waiting === 1);
    const finish = codeOf(writer.finish());
    await until("the last sync", () => gate.waiting === 2);
    const stop = writer.stop().then(() => running);
    gate.open();
    expect(await stop).toBe(0);
    expect(await finish).toBe("storage_failed");
  });

  test("prevents further syncs", async () => {
    await using writing = await Writing.make();
    const gate = new Gate();
    let syncs = 0;
    const { writer } = writing.writer({
      write: async (_file, batch) => {
        await gate.pass();
        return batch.byteLength;
      },
      datasync: async () => {
        syncs += 1;
      },
    });
    await fill(writer, chunksOf(bytes(CHANGEOVER + BATCH), BATCH));
    // The finish would sync after the write in flight.
    const finish = codeOf(writer.finish());
    await until("the write", () => gate.waiting === 1);
    const stop = writer.stop();
    gate.open();
    await stop;
    expect(await finish).toBe("storage_failed");
    expect(syncs).toBe(0);
  });

  test("does not throw after a failure", async () => {
    await using writing = await Writing.make();
    const { writer } = writing.writer({
      write: failing("EIO"),
      datasync: failing("EIO"),
      sink: (file) => sinkWith(file, () => ({ flush: failing("EIO") })),
    });
    writer.append(bytes(1000));
    expect(await codeOf(writer.finish())).toBe("storage_failed");
    await writer.stop();
    await writer.stop();
  });
});
