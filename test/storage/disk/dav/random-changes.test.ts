// Random changes: properties on the disk and in memory stay the same, also over restarts.

import { expect, test } from "bun:test";
import { type FilePath, parentOf } from "../../../../src/path.ts";
import { MemoryStorage } from "../../../../src/storage/memory/memory.ts";
import { type PropertyPlace, trashPlace } from "../../../../src/storage/properties.ts";
import { newTrashId } from "../../../../src/storage/trash.ts";
import { Dice } from "../../dice.ts";
import { file, folder } from "../../driving.ts";
import { TemporaryRoot } from "../temporary-root.ts";

const NAMES = ["a", "a0", "a-b", "b", "ä", "𝄞", "a%", "a_b"];
const paths: FilePath[] = NAMES.flatMap((one) => [
  file(one),
  ...NAMES.slice(0, 4).flatMap((two) => [file(`${one}/${two}`), file(`${one}/${two}/a`)]),
]);
const trashed = Array.from({ length: 3 }, (_, index) => trashPlace(newTrashId(1e12 + index, index)));
const places: PropertyPlace[] = [...paths, ...trashed];

test("of 600 random changes, each has the same effect in both storages", async () => {
  await using root = await TemporaryRoot.make();
  const dice = new Dice(7);
  const memory = new MemoryStorage();
  let disk = await root.open();
  const one = <T>(list: readonly T[]): T => {
    const found = list[dice.upTo(list.length)];
    if (found === undefined) throw new Error("The list is empty.");
    return found;
  };
  const both = async (step: (properties: MemoryStorage["properties"]) => Promise<void>): Promise<void> => {
    await step(memory.properties);
    await step(disk.properties);
  };
  for (let round = 0; round < 600; round += 1) {
    const [from, to] = [one(places), one(places)];
    const related = from === to || from.startsWith(`${to}/`) || to.startsWith(`${from}/`);
    const kind = dice.upTo(10);
    if (kind < 5)
      await both((properties) =>
        properties.change(from, {
          set: new Map([[`{x}${round % 3}`, `${round}`]]),
          remove: [`{x}${(round + 1) % 3}`],
        }),
      );
    else if (kind < 7 && !related) await both((properties) => properties.move(from, to));
    else if (kind < 9 && !related) await both((properties) => properties.copy(from, to));
    else await both((properties) => properties.remove(from));
    if (round % 100 === 99) disk = await root.reopen();
    expect(disk.properties.empty).toBe(memory.properties.empty);
    for (const place of places)
      expect(disk.properties.of(place), `${round}: ${place}`).toEqual(memory.properties.of(place));
    const inside = one(["", ...NAMES]);
    const [ours, theirs] = [
      disk.properties.inFolder(folder(inside)),
      memory.properties.inFolder(folder(inside)),
    ];
    for (const path of paths.filter((path) => parentOf(path) === inside))
      expect(ours(path), `${round}: ${path}`).toEqual(theirs(path));
  }
  expect(root.warnings).toEqual([]);
});
