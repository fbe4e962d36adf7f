// The record log: lines in order, also after a restart.

import { describe, expect, test } from "bun:test";
import type { Current } from "./current.ts";

export function recordContract(name: string, current: Current): void {
  const log = () => current.storage.receipts;

  describe(`${name}: the record log`, () => {
    test("is initially empty, and keeps the order of its lines across restarts", async () => {
      expect(await log().read()).toEqual([]);
      await log().append("one");
      await current.reopen();
      await log().append("two");
      expect(await log().read()).toEqual(["one", "two"]);
      await current.reopen();
      expect(await log().read()).toEqual(["one", "two"]);
    });

    test("accepts concurrent additions, and replaces all lines in order with them", async () => {
      const lines = Array.from({ length: 500 }, (_, index) => `${index} ${"ä".repeat(index * 2)}`);
      await Promise.all(lines.map((line) => log().append(line)));
      expect(await log().read()).toEqual(lines);
      await Promise.all([log().append("before"), log().replace(["first", "second"]), log().append("after")]);
      expect(await log().read()).toEqual(["first", "second", "after"]);
      await current.reopen();
      expect(await log().read()).toEqual(["first", "second", "after"]);
      await log().replace([]);
      expect(await log().read()).toEqual([]);
    });
  });
}
