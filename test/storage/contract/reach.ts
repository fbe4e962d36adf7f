// That nothing ends up under a path that no client can ask for.

import { describe, expect, test } from "bun:test";
import { MAX_PATH_BYTES, MAX_SEGMENTS } from "../../../src/path.ts";
import { newTrashId } from "../../../src/storage/trash.ts";
import { codeOf, contentOf, entriesIn, file, folder, pathsOf, put } from "../driving.ts";
import { copy } from "./copying.ts";
import type { Current } from "./current.ts";

/** A path of so many segments. */
const deep = (name: string, segments: number): string =>
  Array.from({ length: segments }, () => name).join("/");

export function reachContract(name: string, current: Current): void {
  describe(`${name}: a folder whose contents would be unreachable`, () => {
    const steps = {
      "is not moved": (to: string) => current.storage.move(file("a"), file(to), { replace: false }),
      "is not copied": (to: string) => copy(current.storage, "a", to),
      "is not restored from the trash": async (to: string) => {
        const id = newTrashId(Date.now(), 0);
        await current.storage.trash.put(file("a"), id, { recursive: true });
        const end = await codeOf(current.storage.trash.restore(id, file(to), { replace: false }));
        if (end === "invalid_path") await current.storage.trash.restore(id, file("a"), { replace: false });
        return typeof end === "string" ? Promise.reject(end) : undefined;
      },
    };
    const ends = async (step: Promise<unknown>): Promise<unknown> => {
      const end = await codeOf(step);
      return typeof end === "string" ? end : "done";
    };

    test.each(Object.entries(steps))("%s: too deep by one segment, and just right", async (what, step) => {
      const levels = 50;
      const path = `a/${deep("d", levels)}/file`;
      await put(current.storage, path, "x");
      await put(current.storage, "a/beside", "x");
      // The segments of `file` in the folder, and those of the folder.
      const most = MAX_SEGMENTS - (levels + 1);
      expect(await ends(step(deep("t", most + 1)))).toBe("invalid_path");
      expect(await contentOf(current.storage, path)).toBe("x");
      expect(pathsOf(await entriesIn(current.storage, folder(""))).filter((at) => at === "a")).toEqual(["a"]);
      const to = `u/${deep("t", most - 1)}`;
      expect(await ends(step(to))).toBe("done");
      expect(await contentOf(current.storage, `${to}/${deep("d", levels)}/file`)).toBe("x");
      expect((await current.storage.find(file(path))) !== null).toBe(what === "is not copied");
    });

    test.each(Object.entries(steps))("%s: too long", async (_, step) => {
      const long = Array.from({ length: 11 }, (_, index) => "l".repeat(249) + index);
      const path = `a/${long.join("/")}/file`;
      await put(current.storage, path, "x");
      const to = Array.from({ length: 6 }, (_, index) => "t".repeat(240) + index).join("/");
      expect(to.length + path.length).toBeGreaterThan(MAX_PATH_BYTES);
      expect(await ends(step(to))).toBe("invalid_path");
      expect(await contentOf(current.storage, path)).toBe("x");
      expect(await ends(step(deep("t", 3)))).toBe("done");
      expect(await contentOf(current.storage, `${deep("t", 3)}/${long.join("/")}/file`)).toBe("x");
    });
  });
}
