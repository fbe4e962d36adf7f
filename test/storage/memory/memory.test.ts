// The in-memory storage: the contract, its capacity limit, and steps that tests can delay.

import { describe, expect, test } from "bun:test";
import { Problem } from "../../../src/errors.ts";
import { checkFilePath, ROOT } from "../../../src/path.ts";
import type { MemoryStep } from "../../../src/storage/memory/contents.ts";
import { type MemoryOptions, MemoryStorage } from "../../../src/storage/memory/memory.ts";
import { bytes } from "../bytes.ts";
import { storageContract } from "../contract.ts";
import { codeOf, entriesIn, fill, put } from "../driving.ts";

storageContract("memory", async () => {
  const storage = new MemoryStorage();
  return {
    storage,
    reopen: async () => {
      await storage.close();
      return new MemoryStorage({ contents: storage.contents });
    },
    cleanup: () => storage.close(),
  };
});

const path = checkFilePath("a");

/** A storage whose steps of one kind wait until the test continues them. */
function held(step: MemoryStep, options: MemoryOptions = {}) {
  const gate = Promise.withResolvers<void>();
  const storage = new MemoryStorage({ ...options, delay: (at) => (at === step ? gate.promise : undefined) });
  return { storage, gate };
}

describe("a capacity", () => {
  test("is exceeded by the first byte over it, and other uploads continue", async () => {
    const storage = new MemoryStorage({ capacity: 100 });
    await put(storage, "kept", "x".repeat(40));
    const upload = await storage.begin(path);
    await fill(upload, [bytes(60)]);
    expect(await storage.space()).toEqual({ free: 0, total: 100 });
    expect(() => upload.append(bytes(1))).toThrow("storage_full");
    expect(await codeOf(storage.check())).toBe("storage_full");
    await upload.discard();
    expect(await storage.space()).toEqual({ free: 60, total: 100 });
    await storage.check();
    await put(storage, "other", "x".repeat(60));
  });

  test("is released by removed and replaced files", async () => {
    const storage = new MemoryStorage({ capacity: 100 });
    await put(storage, "a", "x".repeat(50));
    await put(storage, "a", "y".repeat(30), true);
    expect((await storage.space()).free).toBe(70);
    await storage.remove(path);
    expect((await storage.space()).free).toBe(100);
    await put(storage, "a", "x".repeat(50));
    const again = new MemoryStorage({ capacity: 100, contents: storage.contents });
    expect((await again.space()).free).toBe(50);
  });
});

describe("a delay", () => {
  test("of writes makes append wait, and counts as disk time", async () => {
    const { storage, gate } = held("write");
    const upload = await storage.begin(path);
    const room = upload.append(bytes(10));
    expect(room).toBeInstanceOf(Promise);
    expect(upload.saved).toBe(0);
    gate.resolve();
    await room;
    expect(upload.saved).toBe(10);
    await upload.finish(path, { replace: false });
    expect(upload.work.diskWaited).toBeGreaterThan(0);
    expect(upload.work).toMatchObject({ diskBusy: upload.work.diskWaited, syncWaited: 0, syncBusy: 0 });
  });

  test.each(["sync", "publish"] as const)(
    "of %s makes finish wait, and counts as sync time",
    async (step) => {
      const { storage, gate } = held(step);
      const upload = await storage.begin(path);
      expect(upload.append(bytes(10))).toBeUndefined();
      const finish = upload.finish(path, { replace: false });
      expect(await entriesIn(storage, ROOT)).toEqual([]);
      gate.resolve();
      expect((await finish).entry.size).toBe(10);
      expect(upload.work.syncWaited).toBeGreaterThan(0);
      expect(upload.work.diskWaited).toBe(0);
    },
  );

  test("is ended by discard, which leaves nothing", async () => {
    for (const step of ["write", "sync", "publish"] as const) {
      const { storage } = held(step, { capacity: 10 });
      const upload = await storage.begin(path);
      const append = upload.append(bytes(10));
      const end = append ?? upload.finish(path, { replace: false });
      await upload.discard();
      expect(await codeOf(end)).toBe("storage_failed");
      expect(await entriesIn(storage, ROOT)).toEqual([]);
      expect((await storage.space()).free).toBe(10);
    }
  });

  test("that is rejected makes the step fail", async () => {
    const storage = new MemoryStorage({
      delay: async (step) => {
        if (step === "sync") throw new Problem("storage_full", "As ordered.");
      },
    });
    const upload = await storage.begin(path);
    await fill(upload, [bytes(10)]);
    expect(await codeOf(upload.finish(path, { replace: false }))).toBe("storage_full");
    await upload.discard();
    expect(await entriesIn(storage, ROOT)).toEqual([]);
  });
});
