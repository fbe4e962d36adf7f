// The cache for Basic: many requests cost one hash, and a changed password ends it.

import { expect, test } from "bun:test";
import { BasicCache } from "../../../src/access/passwords/basic-cache.ts";

/** A cache with a clock that the test moves, and a count of verifications. */
function counted(right = true) {
  const clock = { now: 0 };
  const cache = new BasicCache(() => clock.now);
  let hashes = 0;
  const check = (name: string, password: string, epoch = 0, uid = "1"): Promise<boolean> =>
    cache.check(cache.keyOf(name, password, { uid, epoch }), async () => {
      hashes += 1;
      return right;
    });
  return { cache, clock, check, hashes: () => hashes };
}

test("sftpgo#147, rclone#7892: 1,000 requests, together or one after the other, cost one hash", async () => {
  const { check, hashes } = counted();
  const together = await Promise.all(Array.from({ length: 500 }, () => check("alice", "correct horse")));
  expect(new Set(together)).toEqual(new Set([true]));
  for (let index = 0; index < 500; index += 1) expect(await check("alice", "correct horse")).toBe(true);
  expect(hashes()).toBe(1);
});

test("another name, password, border between both, epoch, or account is another entry", async () => {
  const { check, hashes } = counted();
  await check("alice", "correct horse");
  await check("bob", "correct horse");
  await check("alice", "correct horses");
  await check("alicec", "orrect horse");
  await check("alice", "correct horse", 1);
  await check("alice", "correct horse", 0, "2");
  expect(hashes()).toBe(6);
});

test("a wrong password is not remembered, in either direction", async () => {
  const { check, hashes } = counted(false);
  expect(await check("alice", "guess")).toBe(false);
  expect(await check("alice", "guess")).toBe(false);
  expect(hashes()).toBe(2);
});

test("an entry ends five minutes after its hash, however often it is used", async () => {
  const { check, clock, hashes } = counted();
  await check("alice", "correct horse");
  clock.now = 299_999;
  await check("alice", "correct horse");
  expect(hashes()).toBe(1);
  clock.now = 300_000;
  await check("alice", "correct horse");
  expect(hashes()).toBe(2);
});

test("1,024 entries are kept; the oldest leaves first", async () => {
  const { cache, check, hashes } = counted();
  for (let index = 0; index < 1025; index += 1) await check(`user${index}`, "correct horse");
  expect(hashes()).toBe(1025);
  expect(cache.knows(cache.keyOf("user0", "correct horse", { uid: "1", epoch: 0 }))).toBe(false);
  expect(cache.knows(cache.keyOf("user1", "correct horse", { uid: "1", epoch: 0 }))).toBe(true);
  expect(cache.knows(cache.keyOf("user1024", "correct horse", { uid: "1", epoch: 0 }))).toBe(true);
});

test("what verification throws reaches all who wait, and the next one verifies again", async () => {
  const cache = new BasicCache();
  const key = cache.keyOf("alice", "correct horse", { uid: "1", epoch: 0 });
  const busy = () => Promise.reject(new Error("busy"));
  const results = await Promise.allSettled([cache.check(key, busy), cache.check(key, busy)]);
  expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await cache.check(key, async () => true)).toBe(true);
});

test("two caches do not agree on the key of a login: it depends on a secret of the process", () => {
  const login = ["alice", "correct horse", { uid: "1", epoch: 0 }] as const;
  expect(new BasicCache().keyOf(...login)).not.toBe(new BasicCache().keyOf(...login));
});
