// Locks: which changes they refuse, conflicts, bounds, expiry, restarts, and changes that run at the same instant.

import { describe, expect, test } from "bun:test";
import { type LockRequest, Locks } from "../../../src/core/locks/locks.ts";
import type { TreeChange } from "../../../src/core/locks/running-changes.ts";
import { checkFolderPath } from "../../../src/path.ts";
import type { MemoryContents } from "../../../src/storage/memory/contents.ts";
import { MemoryStorage } from "../../../src/storage/memory/memory.ts";
import { codeOf, file, folder, put } from "../../storage/driving.ts";

/** Locks on a storage with files; `time` is the clock. */
async function locksOn(files: readonly string[] = [], contents?: MemoryContents) {
  const storage = new MemoryStorage(contents ? { contents } : {});
  for (const path of files) await put(storage, path, path);
  const time = { now: 1e12 };
  const locks = new Locks(storage, () => time.now);
  const lock = (path: string, more: Partial<LockRequest> = {}) =>
    locks.create({
      path: checkFolderPath(path),
      depth: "0",
      scope: "exclusive",
      owner: "",
      account: "anna",
      client: "client",
      seconds: 600,
      ...more,
    });
  const permits = async (does: TreeChange["does"], path: string, ...lockTokens: string[]) =>
    (await codeOf(locks.permit({ path: file(path), does }, { lockTokens }))) !== "locked";
  return { storage, time, locks, lock, permits };
}

describe("a lock", () => {
  test("of a file refuses to write, remove and move it without its token, and nothing else", async () => {
    const { lock, permits } = await locksOn(["a/b", "a/c"]);
    const { token } = await lock("a/b");
    for (const does of ["write", "remove"] as const) {
      expect(await permits(does, "a/b"), does).toBe(false);
      expect(await permits(does, "a/b", "urn:uuid:other"), does).toBe(false);
      expect(await permits(does, "a/b", token), does).toBe(true);
      expect(await permits(does, "a/c"), does).toBe(true);
    }
    expect(await permits("remove", "a")).toBe(false);
    expect(await permits("remove", "a", token)).toBe(true);
    expect(await permits("write", "a/b0")).toBe(true);
    // An entry that exists cannot be created: the caller learns that the name is taken.
    expect(await permits("create", "a/b")).toBe(true);
  });

  test("of a path without an entry refuses to create it", async () => {
    const { lock, permits } = await locksOn();
    const { token } = await lock("new");
    expect(await permits("create", "new")).toBe(false);
    expect(await permits("create", "new", token)).toBe(true);
  });

  test("of a folder protects its list of members only", async () => {
    const { lock, permits } = await locksOn(["a/b", "a/c/d"]);
    const { token } = await lock("a");
    for (const path of ["a/new", "a/new/below"]) {
      expect(await permits("write", path), path).toBe(false);
      expect(await permits("create", path, token), path).toBe(true);
    }
    expect(await permits("remove", "a/b")).toBe(false);
    expect(await permits("remove", "a/b", token)).toBe(true);
    expect(await permits("write", "a/b")).toBe(true);
    expect(await permits("write", "a/c/new")).toBe(true);
    expect(await permits("remove", "a/c/d")).toBe(true);
    expect(await permits("write", "b")).toBe(true);
  });

  test("with everything below protects everything below", async () => {
    const { lock, permits } = await locksOn(["a/b", "a/c/d"]);
    const { token } = await lock("a", { depth: "infinity" });
    for (const path of ["a/b", "a/c", "a/c/d"]) {
      expect(await permits("remove", path), path).toBe(false);
      expect(await permits("write", path), path).toBe(false);
      expect(await permits("remove", path, token), path).toBe(true);
    }
    expect(await permits("create", "a/c/new/file")).toBe(false);
    expect(await permits("create", "ab")).toBe(true);
  });

  test("of the root protects all", async () => {
    const { lock, permits } = await locksOn(["a"]);
    const { token } = await lock("", { depth: "infinity" });
    expect(await permits("create", "b")).toBe(false);
    expect(await permits("write", "a", token)).toBe(true);
  });

  test("that is shared needs one token of those that share it", async () => {
    const { lock, permits } = await locksOn(["a"]);
    const one = await lock("a", { scope: "shared" });
    const two = await lock("a", { scope: "shared", account: "ben" });
    expect(await permits("write", "a")).toBe(false);
    expect(await permits("write", "a", one.token)).toBe(true);
    expect(await permits("write", "a", two.token)).toBe(true);
  });

  test("names its holder only to those who may know", async () => {
    const { lock, locks } = await locksOn(["a"]);
    await lock("a");
    const detail = async (read: boolean) =>
      await locks.permit({ path: file("a"), does: "write" }, { read }).catch(({ detail }) => detail);
    expect(await detail(true)).toContain("by `anna` until 2001-09-09T01:56:40Z");
    expect(await detail(false)).not.toContain("anna");
  });
});

describe("locks in conflict", () => {
  test("are those at the path, above it with everything below, and below it for everything below", async () => {
    const { lock } = await locksOn();
    await lock("a/b", { scope: "shared" });
    expect(await codeOf(lock("a/b"))).toBe("locked");
    expect(await codeOf(lock("a", { depth: "infinity" }))).toBe("locked");
    expect(await codeOf(lock("a/b", { scope: "shared" }))).toMatchObject({
      resolved: { path: folder("a/b") },
    });
    await lock("a", { depth: "infinity", scope: "shared" });
    expect(await codeOf(lock("a/c"))).toBe("locked");
    expect(await codeOf(lock("a"))).toBe("locked");
    await lock("ab");
    await lock("c/d");
    await lock("c");
  });

  test("of two made at the same instant, one exists", async () => {
    const { lock, locks } = await locksOn(["a"]);
    const ends = await Promise.all([codeOf(lock("a")), codeOf(lock("a"))]);
    expect(ends.filter((end) => end === "locked")).toHaveLength(1);
    expect(locks.covering(file("a"))).toHaveLength(1);
  });
});

describe("changes that run when a lock is made", () => {
  test("have ended when the lock is granted; new ones are refused meanwhile", async () => {
    const { lock, locks, permits } = await locksOn(["a/b"]);
    for (const [at, path] of [
      ["a/b", "a/b"],
      ["a", "a/b"],
      ["a/b", "a"],
    ] as const) {
      const gate = Promise.withResolvers<void>();
      const events: string[] = [];
      const changing = locks
        .change({ path: file(path), does: path === "a" ? "remove" : "write" }, {}, () => gate.promise)
        .then(() => events.push("changed"));
      const locking = lock(at).then((made) => {
        events.push("locked");
        return made;
      });
      await Bun.sleep(0);
      expect(events).toEqual([]);
      if (at === path) expect(await permits("write", path)).toBe(false);
      gate.resolve();
      const { token } = await locking;
      await changing;
      expect(events).toEqual(["changed", "locked"]);
      await locks.remove(token, folder(at), { account: "anna" });
    }
    expect(locks.none).toBe(true);
  });

  test("elsewhere are not waited for", async () => {
    const { lock, locks } = await locksOn(["a", "b"]);
    const gate = Promise.withResolvers<void>();
    const changing = locks.change({ path: file("b"), does: "write" }, {}, () => gate.promise);
    await lock("a");
    gate.resolve();
    await changing;
  });
});

describe("a token", () => {
  test("counts only for the account that made the lock", async () => {
    const { lock, locks } = await locksOn(["a"]);
    const { token } = await lock("a");
    expect(locks.ownTokens([token, "other"], "anna")).toEqual([token]);
    expect(locks.ownTokens([token], "ben")).toEqual([]);
    expect(locks.ownTokens([token], null)).toEqual([]);
    for (const user of [{ account: "ben" }, { account: null }]) {
      expect(await codeOf(locks.remove(token, file("a"), user))).toBe("not_allowed");
      expect(await codeOf(locks.refresh(token, file("a"), user, 60))).toBe("not_allowed");
    }
    expect(await codeOf(locks.remove(token, file("b"), { account: "anna" }))).toBe("no_such_lock");
    expect(await codeOf(locks.remove("urn:uuid:x", file("a"), { account: "anna" }))).toBe("no_such_lock");
    await locks.remove(token, file("a"), { account: "ben", owner: true });
    expect(locks.none).toBe(true);
  });

  test("of a folder with everything below releases and renews the lock by any path below", async () => {
    const { lock, locks, time } = await locksOn();
    const { token } = await lock("a", { depth: "infinity" });
    time.now += 500_000;
    await locks.refresh(token, file("a/b"), { account: "anna" }, 600);
    time.now += 500_000;
    expect(locks.covering(file("a/b"))).toHaveLength(1);
    await locks.remove(token, file("a/b"), { account: "anna" });
    expect(locks.none).toBe(true);
  });
});

describe("a lock ends", () => {
  test("when its time is over, an hour at most after it was renewed", async () => {
    const { lock, locks, time, permits, storage } = await locksOn(["a"]);
    const { token, expires } = await lock("a", { seconds: 1e9 });
    expect(expires).toBe(time.now + 3600_000);
    time.now += 3599_999;
    expect(await permits("write", "a")).toBe(false);
    time.now += 1;
    expect(await permits("write", "a")).toBe(true);
    expect(locks.none).toBe(true);
    expect(storage.lockRecords.read()).toEqual([]);
    expect(await codeOf(locks.refresh(token, file("a"), { account: "anna" }, 60))).toBe("no_such_lock");
    await lock("a");
  });

  test("when its entry is moved away or removed", async () => {
    const { lock, locks, storage } = await locksOn(["a/b", "c"]);
    await lock("a/b");
    const { token } = await lock("c");
    await locks.removeWithin(file("a"));
    expect([...storage.lockRecords.read()].map((record) => record.token)).toEqual([token]);
  });
});

test("locks survive a restart, expired ones do not; a clock that was set back makes none last longer", async () => {
  const first = await locksOn(["a", "b", "c"]);
  await first.lock("a", { seconds: 60 });
  const { token } = await first.lock("b");
  await first.storage.lockRecords.put({ ...(await first.lock("c")), expires: 1e13 });
  const { locks, time, permits } = await locksOn([], first.storage.contents);
  time.now += 60_000;
  expect(await permits("write", "a")).toBe(true);
  expect(await permits("write", "b")).toBe(false);
  expect(await permits("write", "b", token)).toBe(true);
  time.now += 3600_000;
  expect(locks.none).toBe(true);
});

describe("bounds", () => {
  test("an account has 1,000 locks, others can still lock; without an account, clients are counted", async () => {
    const { lock } = await locksOn();
    for (let index = 0; index < 1000; index += 1) await lock(`a${index}`);
    expect(await codeOf(lock("b"))).toBe("too_many_locks");
    await lock("b", { account: null, client: "one" });
    for (let index = 1; index < 1000; index += 1) await lock(`b${index}`, { account: null, client: "one" });
    expect(await codeOf(lock("c", { account: null, client: "one" }))).toBe("too_many_locks");
    await lock("c", { account: null, client: "two" });
  });

  test("32 share one path, with those of folders above", async () => {
    const { lock } = await locksOn();
    for (let index = 0; index < 16; index += 1) await lock("a", { scope: "shared", depth: "infinity" });
    for (let index = 0; index < 16; index += 1) await lock("a/b", { scope: "shared" });
    expect(await codeOf(lock("a/b", { scope: "shared" }))).toBe("too_many_locks");
    await lock("a/c", { scope: "shared" });
  });

  test("the owner has 1,024 bytes, and a lock that the storage refuses does not exist", async () => {
    const { lock, locks, storage } = await locksOn();
    expect(await codeOf(lock("a", { owner: "ä".repeat(513) }))).toBe("invalid_request");
    await lock("b", { owner: "ä".repeat(512) });
    storage.lockRecords.put = async () => {
      throw new Error("full");
    };
    expect(await codeOf(lock("a"))).toBeInstanceOf(Error);
    expect(locks.covering(file("a"))).toEqual([]);
  });
});
