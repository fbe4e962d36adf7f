// Receipts: their maximum number and age, and failures of the storage.

import { describe, expect, test } from "bun:test";
import { type Receipt, Receipts } from "../../../src/core/upload/receipts.ts";
import { Problem } from "../../../src/errors.ts";
import { checkFilePath } from "../../../src/path.ts";
import { MemoryContents } from "../../../src/storage/memory/contents.ts";
import { MemoryStorage } from "../../../src/storage/memory/memory.ts";
import type { RecordLog } from "../../../src/storage/record-log.ts";

const HOUR = 60 * 60 * 1000;
const receipt = (key: string, path = "a"): Receipt => ({
  key,
  target: checkFilePath(path),
  path: checkFilePath(path),
  size: 1,
  digest: { algorithm: "sha-256", value: new Uint8Array(32) },
});

describe("receipts", () => {
  test("are kept for a day, also after a restart, and then no longer", async () => {
    let time = 0;
    const contents = new MemoryContents();
    const open = async () => {
      const receipts = new Receipts(new MemoryStorage({ contents }), () => time);
      (await receipts.claim("load"))();
      return receipts;
    };
    await (await open()).add(receipt("one"));
    time = 23 * HOUR;
    const second = await open();
    expect(second.find("one")).toMatchObject(receipt("one"));
    time = 25 * HOUR;
    expect(second.find("one")).toBeUndefined();
    await open();
    expect(contents.receipts).toEqual([]);
  });

  test("are limited in number, in memory and in the storage: the oldest are removed", async () => {
    const lines: string[] = [];
    const log: RecordLog = {
      read: async () => lines,
      append: async (line) => void lines.push(line),
      replace: async (all) => void lines.splice(0, lines.length, ...all),
    };
    const receipts = new Receipts({ receipts: log });
    for (let index = 0; index < 45_000; index += 1) await receipts.add(receipt(`k${index}`));
    expect(receipts.find("k24999")).toBeUndefined();
    expect(receipts.find("k25000")).toBeDefined();
    expect(receipts.find("k44999")).toBeDefined();
    expect(lines.length).toBeLessThanOrEqual(40_000);
  });

  test("are limited in their total length", async () => {
    const receipts = new Receipts(new MemoryStorage());
    const long = Array.from({ length: 16 }, () => "p".repeat(250)).join("/");
    for (let index = 0; index < 2500; index += 1) await receipts.add(receipt(`k${index}`, long));
    expect(receipts.find("k0")).toBeUndefined();
    expect(receipts.find("k2499")).toBeDefined();
  });

  test("stay in memory when the storage refuses them", async () => {
    const refuse = async () => {
      throw new Problem("storage_full", "Full.");
    };
    const receipts = new Receipts({ receipts: { read: async () => [], append: refuse, replace: refuse } });
    await receipts.add(receipt("one"));
    expect(receipts.find("one")).toBeDefined();
  });

  test("a storage that cannot be read refuses the request, and the next one tries again", async () => {
    let broken = true;
    const read = async (): Promise<string[]> => {
      if (broken) throw new Problem("storage_failed", "Broken.");
      return [];
    };
    const { append, replace } = new MemoryStorage().receipts;
    const receipts = new Receipts({ receipts: { read, append, replace } });
    await expect(receipts.claim("one")).rejects.toMatchObject({ code: "storage_failed" });
    broken = false;
    (await receipts.claim("one"))();
  });
});
