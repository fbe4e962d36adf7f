// Every system call of every operation of the disk storage fails once; the files must then be as before.

import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { Problem } from "../../../src/errors.ts";
import { ROOT } from "../../../src/path.ts";
import type { DiskStorage } from "../../../src/storage/disk/disk.ts";
import { bytes, chunksOf, KIB, MIB } from "../bytes.ts";
import { codeOf, contentOf, entriesIn, file, fill, folder, pathsOf, put } from "../driving.ts";
import { watchRejections } from "../rejections.ts";
import { TemporaryRoot } from "./temporary-root.ts";
import { FailingOnce } from "./watched-calls.ts";

watchRejections();

interface Operation {
  name: string;
  prepare(storage: DiskStorage, round: string): Promise<void>;
  run(storage: DiskStorage, round: string): Promise<unknown>;
  /** The allowed files below the round's folder after a failure or success. */
  allowed: string[];
}

const large = bytes(3 * MIB);

async function putLarge(storage: DiskStorage, path: string, replace: boolean): Promise<void> {
  const upload = await storage.begin(file(path));
  try {
    await fill(upload, chunksOf(large, 100 * KIB));
    await upload.finish(file(path), { replace });
  } finally {
    await upload.discard();
  }
}

const nothing = async (): Promise<void> => {};
const keep = async (storage: DiskStorage, round: string): Promise<void> => {
  await put(storage, `${round}/kept`, "kept");
};

const operations: Operation[] = [
  {
    name: "a new file in new folders",
    prepare: nothing,
    run: (storage, round) => putLarge(storage, `${round}/a/b`, false),
    allowed: ["nothing", `${large.length}`],
  },
  {
    name: "a new small file",
    prepare: keep,
    run: (storage, round) => put(storage, `${round}/a`, "a"),
    allowed: ["kept 4", "a 1, kept 4"],
  },
  {
    name: "replacing",
    prepare: keep,
    run: (storage, round) => putLarge(storage, `${round}/kept`, true),
    allowed: ["kept 4", `kept ${large.length}`],
  },
  {
    name: "removing",
    prepare: keep,
    run: (storage, round) => storage.remove(file(`${round}/kept`)),
    allowed: ["kept 4", "nothing"],
  },
  {
    name: "checking and measuring",
    prepare: keep,
    run: async (storage) => {
      // Sequentially, because a failure of the first must not skip the second.
      await storage.check();
      await storage.space();
    },
    allowed: ["kept 4"],
  },
  {
    name: "reading",
    prepare: keep,
    run: async (storage, round) => {
      await storage.find(file(`${round}/é`));
      await contentOf(storage, `${round}/kept`);
      await entriesIn(storage, folder(round));
      await storage.probe(file(`${round}/é/a`));
    },
    allowed: ["kept 4"],
  },
];

async function describeFolder(storage: DiskStorage, round: string): Promise<string> {
  if ((await storage.find(folder(round))) === null) return "nothing";
  if ((await storage.find(file(`${round}/a/b`))) !== null)
    return `${(await storage.find(file(`${round}/a/b`)))?.kind === "file" ? large.length : "folder"}`;
  const entries = await entriesIn(storage, folder(round));
  const files = entries.flatMap((entry) =>
    entry.kind === "file" ? [`${entry.path.slice(round.length + 1)} ${entry.size}`] : [],
  );
  return files.sort().join(", ") || "nothing";
}

describe.each(operations)("$name, when one call fails", ({ prepare, run, allowed }) => {
  test.each(["EIO", "ENOSPC", "EMFILE"])("with %s", async (errno) => {
    await using root = await TemporaryRoot.make();
    const failing = new FailingOnce(errno);
    const storage = await root.open({ calls: failing.calls });
    await put(storage, "other", "other");
    const before = await root.idleDescriptors();
    let rounds = 0;
    for (let reached = true; reached; rounds += 1) {
      const round = `round-${rounds}`;
      await prepare(storage, round);
      failing.made.length = 0;
      failing.failAt = rounds;
      const end = await run(storage, round).then(
        () => "done",
        (error: unknown) => error,
      );
      reached = failing.failed !== undefined;
      const failed = failing.failed;
      failing.failAt = Number.POSITIVE_INFINITY;

      if (end !== "done") expect(end, `${failed}`).toBeInstanceOf(Problem);
      await root.expectDescriptors(before, `${failed}`);
      expect(allowed, `${failed}`).toContain(await describeFolder(storage, round));
      if (failed === "unlink") await removeTemporaries(root);
      expect(await root.temporaries(), `${failed}`).toEqual([]);
      expect(await contentOf(storage, "other")).toBe("other");
      await put(storage, "again", round, true);
    }
    expect(rounds).toBeGreaterThan(2);
    expect(failing.descriptors.closedTwice).toEqual([]);
  });
});

/** Remains that could not be removed are removed at the next start. */
async function removeTemporaries(root: TemporaryRoot): Promise<void> {
  for (const name of await root.temporaries()) await Bun.file(root.in(".sluice", "uploads", name)).delete();
}

describe("opening a root", () => {
  test.each(["EIO", "ENOSPC", "EMFILE", "EROFS"])(
    "when one call fails with %s, holds on to nothing, and works the next time",
    async (errno) => {
      await using root = await TemporaryRoot.make();
      let rounds = 0;
      for (let reached = true; reached; rounds += 1) {
        const failing = new FailingOnce(errno);
        failing.failAt = rounds;
        const end = await codeOf(root.open({ calls: failing.calls }).then((storage) => storage.close()));
        reached = failing.failed !== undefined;
        if (!reached) expect(end).toEqual({ resolved: undefined });
        await root.expectDescriptors([], `${failing.failed}`);
        expect(failing.descriptors.closedTwice).toEqual([]);
        const storage = await root.reopen();
        await put(storage, "a", "a", true);
        expect(pathsOf(await entriesIn(storage, ROOT))).toEqual(["a"]);
        await storage.close();
        // Prepare an unfinished upload for the next round, and remove the folders that earlier rounds created.
        if (rounds % 2 === 0) await Bun.write(root.in(".sluice", "uploads", "left"), "x");
      }
      expect(rounds).toBeGreaterThan(3);
      expect(await readdir(root.root)).toContain("a");
    },
  );
});
