// When notes are written, and what they say of the bytes that are certain.

import { describe, expect, test } from "bun:test";
import { UNMEASURED } from "../../../src/core/report/flow-report.ts";
import { Journal } from "../../../src/core/resumable/checkpoint.ts";
import type { UploadRecord } from "../../../src/core/resumable/record.ts";
import { Problem } from "../../../src/errors.ts";
import { checkFilePath } from "../../../src/path.ts";
import { type MemoryOptions, MemoryStorage } from "../../../src/storage/memory/memory.ts";
import { newUploadId } from "../../../src/storage/upload-id.ts";

const WINDOW = 64 * 1024 * 1024;

function journalOf(memory: MemoryOptions = {}, more: Partial<UploadRecord> = {}) {
  const storage = new MemoryStorage(memory);
  const record: UploadRecord = {
    version: 2,
    id: newUploadId(),
    name: "name",
    path: checkFilePath("a"),
    conflict: "rename",
    size: null,
    endsByLength: true,
    metadata: "",
    digests: "",
    wanted: null,
    created: 0,
    concat: null,
    unverified: null,
    mark: { boot: storage.boot, length: 0 },
    measured: UNMEASURED,
    publishing: null,
    finished: null,
    spoiled: null,
    ...more,
  };
  const noted = (): UploadRecord => JSON.parse(storage.contents.kept.get(record.id)?.note ?? "{}");
  return { journal: new Journal(storage, record), record, noted };
}

describe("a mark", () => {
  test("is due when a window was synced, and not while one is written", async () => {
    const note = Promise.withResolvers<void>();
    const { journal, noted } = journalOf({ delay: (step) => (step === "note" ? note.promise : undefined) });
    expect([journal.due(0), journal.due(WINDOW - 1), journal.due(WINDOW)]).toEqual([false, false, true]);
    journal.markLater(WINDOW, UNMEASURED);
    expect(journal.due(3 * WINDOW)).toBe(false);
    note.resolve();
    await journal.written();
    expect(noted().mark?.length).toBe(WINDOW);
    expect(journal.due(2 * WINDOW)).toBe(true);
  });

  test("promises no bytes that nobody has compared, and is not due for them", async () => {
    const { journal, record, noted } = journalOf({}, { unverified: 100 });
    await journal.mark(WINDOW, UNMEASURED, true);
    expect(noted().mark?.length).toBe(100);
    expect(journal.due(9 * WINDOW)).toBe(false);
    record.unverified = null;
    expect(journal.due(9 * WINDOW)).toBe(true);
  });

  test("that is not due is written when there is time", async () => {
    const { journal, noted } = journalOf();
    await journal.mark(5, UNMEASURED, false);
    expect(journal.stale).toBe(true);
    expect(noted().mark).toBeUndefined();
    await journal.rest(5);
    expect([journal.stale, noted().mark?.length]).toEqual([false, 5]);
  });

  test("that promises too much is set right before bytes are added", async () => {
    const { journal, noted } = journalOf({}, { mark: { boot: "memory", length: 9 } });
    await journal.prepare(3);
    expect(noted().mark).toEqual({ boot: "memory", length: 3 });
  });

  test("of another boot cuts, and is set anew", async () => {
    const { journal, noted } = journalOf({}, { mark: { boot: "before", length: 9 } });
    expect([journal.certain(5), journal.certain(50)]).toEqual([5, 9]);
    await journal.prepare(9);
    expect(noted().mark).toEqual({ boot: "memory", length: 9 });
    expect(journal.certain(50)).toBe(50);
  });

  test("that could not be written is written before bytes are added, or none are", async () => {
    let full = true;
    const fails = () => Promise.reject(new Problem("storage_full", "There is no space."));
    const { journal, noted } = journalOf({
      delay: (step) => (step === "note" && full ? fails() : undefined),
    });
    journal.markLater(WINDOW, UNMEASURED);
    await journal.written();
    await expect(journal.prepare(WINDOW)).rejects.toMatchObject({ code: "storage_full" });
    full = false;
    await journal.prepare(WINDOW);
    expect(noted().mark?.length).toBe(WINDOW);
  });
});
