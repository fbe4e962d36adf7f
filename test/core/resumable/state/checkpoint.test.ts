// Checkpoints: when metadata is written, and the durable length that it states.

import { describe, expect, test } from "bun:test";
import { NO_TIMINGS } from "../../../../src/core/report/flow-report.ts";
import { Checkpoint } from "../../../../src/core/resumable/state/checkpoint.ts";
import type { UploadState } from "../../../../src/core/resumable/state/record.ts";
import { Problem } from "../../../../src/errors.ts";
import { checkFilePath } from "../../../../src/path.ts";
import { type MemoryOptions, MemoryStorage } from "../../../../src/storage/memory/memory.ts";
import { newUploadId } from "../../../../src/storage/upload-id.ts";

const WINDOW = 64 * 1024 * 1024;

function checkpointWith(memory: MemoryOptions = {}, more: Partial<UploadState> = {}) {
  const storage = new MemoryStorage(memory);
  const record: UploadState = {
    version: 2,
    client: null,
    id: newUploadId(),
    name: "name",
    path: checkFilePath("a"),
    conflict: "rename",
    may: { replace: true, read: true },
    maker: "anyone",
    receipt: null,
    size: null,
    endsByLength: true,
    metadata: "",
    digests: "",
    wanted: null,
    created: 0,
    active: 0,
    concat: null,
    modified: null,
    unverified: null,
    mark: { boot: storage.bootId, length: 0 },
    measured: NO_TIMINGS,
    publishing: null,
    finished: null,
    spoiled: null,
    ...more,
  };
  const written = (): UploadState => JSON.parse(storage.contents.partials.get(record.id)?.note ?? "{}");
  return { checkpoint: new Checkpoint(storage, record), record, written };
}

describe("a durable length", () => {
  test("is due after a window was synced, but not while metadata is being written", async () => {
    const note = Promise.withResolvers<void>();
    const { checkpoint, written } = checkpointWith({
      delay: (step) => (step === "note" ? note.promise : undefined),
    });
    expect([checkpoint.due(0), checkpoint.due(WINDOW - 1), checkpoint.due(WINDOW)]).toEqual([
      false,
      false,
      true,
    ]);
    checkpoint.markLater(WINDOW, NO_TIMINGS);
    expect(checkpoint.due(3 * WINDOW)).toBe(false);
    note.resolve();
    await checkpoint.written();
    expect(written().mark?.length).toBe(WINDOW);
    expect(checkpoint.due(2 * WINDOW)).toBe(true);
  });

  test("does not include bytes whose checksum was not verified, and is not due for them", async () => {
    const { checkpoint, record, written } = checkpointWith({}, { unverified: 100 });
    await checkpoint.mark(WINDOW, NO_TIMINGS, true);
    expect(written().mark?.length).toBe(100);
    expect(checkpoint.due(9 * WINDOW)).toBe(false);
    record.unverified = null;
    expect(checkpoint.due(9 * WINDOW)).toBe(true);
  });

  test("that is not due is written by the next flush", async () => {
    const { checkpoint, written } = checkpointWith();
    await checkpoint.mark(5, NO_TIMINGS, false);
    expect(checkpoint.stale).toBe(true);
    expect(written().mark).toBeUndefined();
    await checkpoint.flush(5);
    expect([checkpoint.stale, written().mark?.length]).toEqual([false, 5]);
  });

  test("that is too large is corrected before bytes are appended", async () => {
    const { checkpoint, written } = checkpointWith({}, { mark: { boot: "memory", length: 9 } });
    await checkpoint.prepare(3);
    expect(written().mark).toEqual({ boot: "memory", length: 3 });
  });

  test("of an earlier boot truncates the upload, and is then updated", async () => {
    const { checkpoint, written } = checkpointWith({}, { mark: { boot: "before", length: 9 } });
    expect([checkpoint.reliableLength(5), checkpoint.reliableLength(50)]).toEqual([5, 9]);
    await checkpoint.prepare(9);
    expect(written().mark).toEqual({ boot: "memory", length: 9 });
    expect(checkpoint.reliableLength(50)).toBe(50);
  });

  test("that could not be written must be written before bytes are appended", async () => {
    let full = true;
    const fails = () => Promise.reject(new Problem("storage_full", "There is no space."));
    const { checkpoint, written } = checkpointWith({
      delay: (step) => (step === "note" && full ? fails() : undefined),
    });
    checkpoint.markLater(WINDOW, NO_TIMINGS);
    await checkpoint.written();
    await expect(checkpoint.prepare(WINDOW)).rejects.toMatchObject({ code: "storage_full" });
    full = false;
    await checkpoint.prepare(WINDOW);
    expect(written().mark?.length).toBe(WINDOW);
  });
});
