// Free space: announced lengths are reserved; uploads of unknown length fail when they reach --keep-free.

import { describe, expect, test } from "bun:test";
import { FreeSpace, tooLarge } from "../../../src/core/admission/free-space.ts";
import { MemoryStorage } from "../../../src/storage/memory/memory.ts";

const full = expect.objectContaining({ code: "storage_full", status: 507 });

describe("FreeSpace", () => {
  /** A storage with `free` free bytes that counts how often they are requested. */
  function disk(free: number) {
    let calls = 0;
    const storage = new (class extends MemoryStorage {
      override async space() {
        calls += 1;
        return { free, total: free };
      }
    })();
    return {
      storage,
      get calls() {
        return calls;
      },
      shrink(bytes: number) {
        free -= bytes;
      },
    };
  }

  test("an announced length that fits exactly is accepted, one byte more is refused", async () => {
    const freeSpace = new FreeSpace(disk(1000).storage, 100);
    await expect(freeSpace.reserve(901)).rejects.toEqual(full);
    await freeSpace.reserve(900);
  });

  test("space that others have announced is reserved until they release it", async () => {
    const freeSpace = new FreeSpace(disk(1000).storage, 0);
    const first = await freeSpace.reserve(800);
    await expect(freeSpace.reserve(300)).rejects.toEqual(full);
    first.release();
    first.release();
    await freeSpace.reserve(1000);
    await expect(freeSpace.reserve(1)).rejects.toEqual(full);
  });

  test("an upload of unknown length is accepted while there is space, and fails when it reaches --keep-free", async () => {
    const { storage } = disk(1000);
    const freeSpace = new FreeSpace(storage, 100);
    const reservation = await freeSpace.reserve(undefined);
    expect(reservation.consume(900)).toBeUndefined();
    // The disk still reports 1000: nothing has been written yet.
    await reservation.consume(1);
    await expect(new FreeSpace(disk(50).storage, 100).reserve(undefined)).rejects.toEqual(full);
  });

  test("the disk is measured again before an upload fails", async () => {
    const small = disk(1000);
    const freeSpace = new FreeSpace(small.storage, 100);
    const reservation = await freeSpace.reserve(undefined);
    small.shrink(901);
    await expect(reservation.consume(901)).rejects.toEqual(full);
  });

  test("an upload of unknown length cannot use space that another one has reserved", async () => {
    const small = disk(1000);
    const freeSpace = new FreeSpace(small.storage, 0);
    const announced = await freeSpace.reserve(900);
    const unknown = await freeSpace.reserve(undefined);
    small.shrink(200);
    await expect(unknown.consume(200)).rejects.toEqual(full);
    expect(await announced.consume(900)).toBeUndefined();
  });

  test("an upload that sends more than it announced competes for the excess like an unannounced one", async () => {
    const small = disk(1000);
    const freeSpace = new FreeSpace(small.storage, 0);
    const liar = await freeSpace.reserve(10);
    await freeSpace.reserve(980);
    expect(liar.consume(10)).toBeUndefined();
    small.shrink(40);
    await expect(liar.consume(30)).rejects.toEqual(full);
  });

  test("the disk is not measured for every chunk", async () => {
    const large = disk(1e12);
    const reservation = await new FreeSpace(large.storage, 0).reserve(undefined);
    for (let chunk = 0; chunk < 1000; chunk += 1) await reservation.consume(1000);
    expect(large.calls).toBeLessThan(10);
  });

  test("a disk without a limit accepts everything", async () => {
    const freeSpace = new FreeSpace(new MemoryStorage(), 1e15);
    const reservation = await freeSpace.reserve(Number.MAX_SAFE_INTEGER);
    expect(reservation.consume(1e9)).toBeUndefined();
  });
});

test("the maximum file size is shown with a unit", () => {
  expect(tooLarge(50 * 2 ** 30)).toMatchObject({
    code: "file_too_large",
    status: 413,
    detail: "The file is larger than 50GiB, the maximum set by --max-file-size.",
  });
});
