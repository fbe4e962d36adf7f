// Limits: places for uploads, and the space that stays free whatever running uploads have announced.

import { describe, expect, test } from "bun:test";
import { FreeSpace, Slots, tooLarge } from "../../../src/core/admission/free-space.ts";
import { MemoryStorage } from "../../../src/storage/memory/memory.ts";

const full = expect.objectContaining({ code: "storage_full", status: 507 });

describe("Slots", () => {
  test("one more than the limit is asked to come back later", () => {
    const slots = new Slots(2);
    const release = slots.acquire();
    slots.acquire();
    expect(() => slots.acquire()).toThrow(
      expect.objectContaining({ code: "too_many_uploads", status: 503, headers: { "retry-after": "5" } }),
    );
    release();
    expect(slots.taken).toBe(1);
    slots.acquire();
  });

  test("a place is given back once, however often that is said", () => {
    const slots = new Slots(2);
    const release = slots.acquire();
    slots.acquire();
    release();
    release();
    expect(slots.taken).toBe(1);
  });

  test("idle is at once when no place is taken, and otherwise when the last one is given back", async () => {
    const slots = new Slots(3);
    await slots.idle();
    const [one, two] = [slots.acquire(), slots.acquire()];
    let idle = 0;
    const waiting = [slots.idle(), slots.idle()].map((promise) =>
      promise.then(() => {
        idle += 1;
      }),
    );
    one();
    one();
    await Bun.sleep(1);
    expect(idle).toBe(0);
    two();
    await Promise.all(waiting);
    expect(idle).toBe(2);
  });
});

describe("Room", () => {
  /** A storage with so many bytes free, and how often it was asked. */
  function disk(free: number) {
    let asked = 0;
    const storage = new (class extends MemoryStorage {
      override async space() {
        asked += 1;
        return { free, total: free };
      }
    })();
    return {
      storage,
      get asked() {
        return asked;
      },
      shrink(bytes: number) {
        free -= bytes;
      },
    };
  }

  test("an announced length that fits exactly is let in, one byte more is not", async () => {
    const room = new FreeSpace(disk(1000).storage, 100);
    await expect(room.reserve(901)).rejects.toEqual(full);
    await room.reserve(900);
  });

  test("what others have announced is not there any more, until they end", async () => {
    const room = new FreeSpace(disk(1000).storage, 0);
    const first = await room.reserve(800);
    await expect(room.reserve(300)).rejects.toEqual(full);
    first.release();
    first.release();
    await room.reserve(1000);
    await expect(room.reserve(1)).rejects.toEqual(full);
  });

  test("an upload of unknown length is let in while there is space, and ended when it eats what is kept free", async () => {
    const { storage } = disk(1000);
    const room = new FreeSpace(storage, 100);
    const share = await room.reserve(undefined);
    expect(share.consume(900)).toBeUndefined();
    // The disk still says 1000: nothing was written yet.
    await share.consume(1);
    await expect(new FreeSpace(disk(50).storage, 100).reserve(undefined)).rejects.toEqual(full);
  });

  test("the disk is looked at again before an upload is ended", async () => {
    const small = disk(1000);
    const room = new FreeSpace(small.storage, 100);
    const share = await room.reserve(undefined);
    small.shrink(901);
    await expect(share.consume(901)).rejects.toEqual(full);
  });

  test("an upload of unknown length cannot take what another one has announced", async () => {
    const small = disk(1000);
    const room = new FreeSpace(small.storage, 0);
    const announced = await room.reserve(900);
    const unknown = await room.reserve(undefined);
    small.shrink(200);
    await expect(unknown.consume(200)).rejects.toEqual(full);
    expect(await announced.consume(900)).toBeUndefined();
  });

  test("an upload that sends more than it announced loses its privilege for the rest", async () => {
    const small = disk(1000);
    const room = new FreeSpace(small.storage, 0);
    const liar = await room.reserve(10);
    await room.reserve(980);
    expect(liar.consume(10)).toBeUndefined();
    small.shrink(40);
    await expect(liar.consume(30)).rejects.toEqual(full);
  });

  test("the disk is not asked for every chunk", async () => {
    const large = disk(1e12);
    const share = await new FreeSpace(large.storage, 0).reserve(undefined);
    for (let chunk = 0; chunk < 1000; chunk += 1) await share.consume(1000);
    expect(large.asked).toBeLessThan(10);
  });

  test("a disk without a limit lets everything in", async () => {
    const room = new FreeSpace(new MemoryStorage(), 1e15);
    const share = await room.reserve(Number.MAX_SAFE_INTEGER);
    expect(share.consume(1e9)).toBeUndefined();
  });
});

test("the limit of a file is named as people write it", () => {
  expect(tooLarge(50 * 2 ** 30)).toMatchObject({
    code: "file_too_large",
    status: 413,
    detail: "Files may have at most 50GiB (--max-file-size).",
  });
});
