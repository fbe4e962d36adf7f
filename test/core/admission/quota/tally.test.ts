// A count of a folder while files in it change: every change counts once, whenever it begins, takes effect and ends.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { Tally } from "../../../../src/core/admission/quota/tally.ts";
import { walk } from "../../../../src/core/browse/walk.ts";
import {
  checkFilePath,
  checkFolderPath,
  type FilePath,
  type FolderPath,
  ROOT,
} from "../../../../src/path.ts";
import { MemoryStorage } from "../../../../src/storage/memory/memory.ts";
import { put } from "../../../storage/driving.ts";

const PATHS = ["a/1", "a/2", "a/b/1", "a/b/c/1", "b/1", "b/2", "z/1", "m", "n"].map((path) =>
  checkFilePath(path),
);

/** A change of one file. */
interface Change {
  /** Steps of the walk before it begins, takes effect and ends, each counted from the one before. */
  gaps: readonly [number, number, number];
  /** The new size; null to remove the file, undefined for a change that fails. */
  size: number | null | undefined;
}

/** A file: its size before the walk, null when it does not exist, and its changes, one after the other. */
interface History {
  initial: number | null;
  changes: readonly Change[];
}

const histories: fc.Arbitrary<History[]> = fc.array(
  fc.record({
    initial: fc.option(fc.nat(9)),
    changes: fc.array(
      fc.record({
        gaps: fc.tuple(fc.nat(5), fc.nat(4), fc.nat(4)),
        size: fc.oneof(fc.nat(9), fc.constantFrom(null, undefined)),
      }),
      { maxLength: 3 },
    ),
  }),
  { minLength: PATHS.length, maxLength: PATHS.length },
);

/** Counts a storage in which the files have these histories. */
class Run {
  readonly storage = new MemoryStorage();
  readonly #tally = new Tally(ROOT);
  readonly #events: { at: number; run: () => void }[] = [];
  #time = 0;
  #counted = false;
  /** Bytes of the changes that ended after the count. */
  #later = 0;

  /** @returns bytes that were counted, and those that are there */
  async count(files: readonly History[]): Promise<{ counted: number; actual: number }> {
    for (const [index, history] of files.entries())
      this.#schedule(PATHS[index] ?? checkFilePath("x"), history);
    this.#events.sort((one, other) => one.at - other.at);
    await this.#tally.run(
      (folder) => this.#walk(folder),
      () => false,
    );
    this.#counted = true;
    const counted = this.#tally.bytes;
    this.#runUntil(Number.POSITIVE_INFINITY);
    const actual = [...this.storage.contents.files.values()].reduce((sum, { entry }) => sum + entry.size, 0);
    return { counted: counted + this.#later, actual };
  }

  #schedule(path: FilePath, { initial, changes }: History): void {
    const { files } = this.storage.contents;
    const write = (size: number) => this.storage.publish(path, new Blob(["x".repeat(size)]), true);
    if (initial !== null) write(initial);
    let time = 0;
    for (const { gaps, size } of changes) {
      let before = 0;
      const [begin, effect, end] = gaps;
      const at = (gap: number, run: () => void) => {
        time += gap;
        this.#events.push({ at: time, run });
      };
      at(begin, () => !this.#counted && this.#tally.begin(path));
      at(effect, () => {
        before = files.get(path)?.entry.size ?? 0;
        if (size === null) files.delete(path);
        else if (size !== undefined) write(size);
      });
      at(end, () => {
        const sizes = size === undefined ? undefined : { before, after: size ?? 0 };
        if (!this.#counted) this.#tally.end(path, sizes);
        else if (sizes) this.#later += sizes.after - sizes.before;
      });
    }
  }

  async *#walk(folder: FolderPath) {
    for await (const entry of walk(this.storage, folder)) {
      this.#runUntil(this.#time);
      this.#time += 1;
      yield entry;
    }
    // The count may wait for a change to end.
    void this.#runLater();
  }

  async #runLater(): Promise<void> {
    while (!this.#counted) {
      await Promise.resolve();
      this.#runUntil(this.#time);
      this.#time += 1;
    }
  }

  #runUntil(time: number): void {
    for (let next = this.#events[0]; next && next.at <= time; next = this.#events[0]) {
      this.#events.shift();
      next.run();
    }
  }
}

test("files that are written, replaced and removed during the count are counted once", async () => {
  await fc.assert(
    fc.asyncProperty(histories, async (files) => {
      const { counted, actual } = await new Run().count(files);
      expect(counted).toBe(actual);
    }),
    { numRuns: 300 },
  );
});

test("links and folders have no bytes, and a folder that does not exist has none", async () => {
  const storage = new MemoryStorage();
  await put(storage, "a/b.txt", "12345");
  const bytesIn = async (folder: string) => {
    const tally = new Tally(checkFolderPath(folder));
    await tally.run(
      async function* (path) {
        for await (const entry of walk(storage, path)) {
          yield entry;
          if (entry.kind === "file") yield { ...entry, path: checkFilePath("a/link"), link: true };
        }
      },
      () => false,
    );
    return tally.bytes;
  };
  expect(await bytesIn("")).toBe(5);
  expect(await bytesIn("a")).toBe(5);
  expect(await bytesIn("nothing")).toBe(0);
  expect(await bytesIn("a/b.txt")).toBe(0);
});

test("a walk that fails fails the count", async () => {
  const tally = new Tally(ROOT);
  const failing = tally.run(
    // biome-ignore lint/correctness/useYield: it fails before the first entry.
    async function* () {
      throw new Error("no disk");
    },
    () => false,
  );
  await expect(failing).rejects.toThrow("no disk");
});
