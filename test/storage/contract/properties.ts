// Contract: dead properties and lock records, which survive a restart.

import { describe, expect, test } from "bun:test";
import type { LockRecord } from "../../../src/storage/lock-records.ts";
import {
  MAX_PROPERTY_BYTES,
  type PropertyMap,
  type PropertyPlace,
  trashPlace,
} from "../../../src/storage/properties.ts";
import { newTrashId } from "../../../src/storage/trash.ts";
import { codeOf, file, folder } from "../driving.ts";
import type { Current } from "./current.ts";

const NONE = new Map<string, string>();
const map = (...pairs: [string, string][]): PropertyMap => new Map(pairs);

export function propertiesContract(name: string, current: Current): void {
  const properties = () => current.storage.properties;
  const set = (path: PropertyPlace, ...pairs: [string, string][]) =>
    properties().change(path, { set: map(...pairs), remove: [] });

  describe(`${name}: properties`, () => {
    test("are set, replaced and removed in one step, and survive a restart", async () => {
      expect(properties().empty).toBe(true);
      expect(properties().of(file("a"))).toEqual(NONE);
      await set(file("a"), ["{x}b", "<b/>"], ["{x}a", "ä".repeat(100)]);
      expect(properties().empty).toBe(false);
      await properties().change(file("a"), {
        set: map(["{x}a", "new"], ["{y}c", ""]),
        remove: ["{x}b", "{z}"],
      });
      const left = map(["{x}a", "new"], ["{y}c", ""]);
      expect(properties().of(file("a"))).toEqual(left);
      expect(properties().of(file("a/b"))).toEqual(NONE);
      await current.reopen();
      expect(properties().empty).toBe(false);
      expect(properties().of(file("a"))).toEqual(left);
      await properties().change(file("a"), { set: NONE, remove: ["{x}a", "{y}c"] });
      expect(properties().of(file("a"))).toEqual(NONE);
      expect(properties().empty).toBe(true);
    });

    test("follow a moved entry with everything below, and nothing beside it", async () => {
      for (const path of ["a", "a/b", "a/b/c", "a0", "a-", "ä", "to/old"])
        await set(file(path), ["{x}p", path]);
      await set(folder(""), ["{x}p", "root"]);
      await properties().move(file("a"), file("to"));
      expect(properties().of(file("to"))).toEqual(map(["{x}p", "a"]));
      expect(properties().of(file("to/b/c"))).toEqual(map(["{x}p", "a/b/c"]));
      for (const gone of ["a", "a/b", "to/old"]) expect(properties().of(file(gone)), gone).toEqual(NONE);
      for (const path of ["a0", "a-", "ä"]) expect(properties().of(file(path))).toEqual(map(["{x}p", path]));
      expect(properties().of(folder(""))).toEqual(map(["{x}p", "root"]));
      const inFolder = properties().inFolder(folder("to"));
      expect(inFolder(file("to/b"))).toEqual(map(["{x}p", "a/b"]));
      expect(inFolder(file("to/other"))).toEqual(NONE);
      expect(properties().inFolder(folder("a"))(file("a/b"))).toEqual(NONE);
    });

    test("are copied, and replace those of the entry that was there", async () => {
      await set(file("a"), ["{x}p", "a"]);
      await set(file("a/𝄞"), ["{x}p", "𝄞"]);
      await set(file("b"), ["{x}q", "b"]);
      await properties().copy(file("a"), file("b"));
      await properties().copy(file("none"), file("a"));
      expect(properties().of(file("b"))).toEqual(map(["{x}p", "a"]));
      expect(properties().of(file("b/𝄞"))).toEqual(map(["{x}p", "𝄞"]));
      expect(properties().of(file("a"))).toEqual(NONE);
      await properties().copy(file("b"), file("b"));
      expect(properties().of(file("b"))).toEqual(map(["{x}p", "a"]));
    });

    test("go into the trash and come back, and are removed with their entry", async () => {
      const id = trashPlace(newTrashId(Date.now(), 1));
      await set(file("a"), ["{x}p", "a"]);
      await set(file("a/b"), ["{x}p", "b"]);
      await properties().move(file("a"), id);
      expect(properties().inFolder(folder(""))(file("a"))).toEqual(NONE);
      await set(file("a"), ["{x}p", "another"]);
      await current.reopen();
      await properties().move(id, file("c"));
      expect(properties().of(file("c/b"))).toEqual(map(["{x}p", "b"]));
      await properties().remove(file("c"));
      expect(properties().of(file("c"))).toEqual(NONE);
      expect(properties().of(file("c/b"))).toEqual(NONE);
      expect(properties().of(file("a"))).toEqual(map(["{x}p", "another"]));
      await properties().remove(file("a"));
      expect(properties().empty).toBe(true);
    });

    test("have 64 KiB at one path; what exceeds them changes nothing", async () => {
      const half = "ä".repeat(MAX_PROPERTY_BYTES / 4 - 10);
      await set(file("a"), ["{x}a", half], ["{x}b", "old"]);
      await set(file("b"), ["{x}b", half]);
      expect(await codeOf(set(file("a"), ["{x}b", "new"], ["{x}c", half + half]))).toBe(
        "too_many_properties",
      );
      expect(properties().of(file("a"))).toEqual(map(["{x}a", half], ["{x}b", "old"]));
      await properties().change(file("a"), { set: map(["{x}c", half]), remove: ["{x}b"] });
      expect(properties().of(file("a")).size).toBe(2);
      expect(await codeOf(set(file("a"), ["{x}d", "x".repeat(100)]))).toBe("too_many_properties");
    });

    test("changed concurrently are all stored", async () => {
      const names = Array.from({ length: 200 }, (_, index) => `{x}${index}`);
      await Promise.all(names.map((one) => set(file("a"), [one, one])));
      expect([...properties().of(file("a")).keys()].sort()).toEqual(names.toSorted());
    });
  });

  describe(`${name}: lock records`, () => {
    const lock = (token: string, more: Partial<LockRecord> = {}): LockRecord => ({
      token,
      path: folder("a/b"),
      depth: "0",
      scope: "exclusive",
      owner: "<o>ä</o>",
      account: null,
      expires: 1e13,
      ...more,
    });
    const read = () => [...current.storage.lockRecords.read()].sort((a, b) => (a.token < b.token ? -1 : 1));

    test("survive a restart, and a record replaces the one with its token", async () => {
      expect(read()).toEqual([]);
      await current.storage.lockRecords.put(lock("1"));
      const second = lock("2", { depth: "infinity", scope: "shared", account: "anna", path: folder("") });
      await current.storage.lockRecords.put(second);
      await current.storage.lockRecords.put(lock("1", { expires: 2e13 }));
      await current.reopen();
      expect(read()).toEqual([lock("1", { expires: 2e13 }), second]);
      await current.storage.lockRecords.remove(["1", "3"]);
      await current.reopen();
      expect(read()).toEqual([second]);
      expect(current.storage.properties.empty).toBe(true);
    });
  });
}
