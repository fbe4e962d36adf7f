// Quotas and changes of the tree: after any sequence of them, the use that is known is the one that a walk finds.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { walk } from "../../../../src/core/browse/walk.ts";
import { move, remove } from "../../../../src/core/tree/changes.ts";
import { CopyOperation } from "../../../../src/core/tree/copy.ts";
import { TrashCan } from "../../../../src/core/tree/trash.ts";
import type { Uploader } from "../../../../src/core/upload/uploader.ts";
import { Problem } from "../../../../src/errors.ts";
import { checkFilePath, checkFolderPath } from "../../../../src/path.ts";
import { bytesOf, requestFor, uploaderWith } from "../../../support/uploader.ts";

const LIMITS: Record<string, number> = { "": 200, a: 100, "a/b": 40, c: 90, "c/b": 30 };
const QUOTAS = Object.keys(LIMITS);
const PATHS = ["a", "a/1", "a/2", "a/b", "a/b/1", "a/b/2", "ab/1", "c", "c/1", "c/b", "c/b/1", "d", "d/1"];

const MAY = { replace: true, read: true };

const path = fc.constantFrom(...PATHS);
const conflict = fc.constantFrom("replace" as const, "rename" as const, "fail" as const);
const operation = fc.oneof(
  fc.record({
    op: fc.constant("save" as const),
    path,
    conflict,
    size: fc.nat(40),
    known: fc.boolean(),
    ends: fc.boolean(),
  }),
  fc.record({ op: fc.constant("move" as const), path, to: path, conflict }),
  fc.record({ op: fc.constant("copy" as const), path, to: path, conflict }),
  fc.record({ op: fc.constant("remove" as const), path }),
  fc.record({ op: fc.constant("trash" as const), path }),
  fc.record({ op: fc.constant("restore" as const), conflict }),
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** An uploader with these quotas, measured. */
async function limited() {
  let steps = 0;
  // Lets other operations run between the steps of one.
  const delay = async () => {
    steps += 1;
    for (let turns = (steps * 7) % 11; turns > 0; turns -= 1) await Promise.resolve();
  };
  const uploader = uploaderWith({}, { delay });
  const { storage } = uploader;
  const moveInside = storage.move.bind(storage);
  // `d` is another file system: moves from and to it are copies.
  storage.move = async (from, to, options) => {
    if (from.startsWith("d") !== to.startsWith("d"))
      throw new Problem("other_file_system", "It is elsewhere.");
    return await moveInside(from, to, options);
  };
  uploader.quotas.set(
    QUOTAS.map((folder) => ({ path: checkFolderPath(folder), bytes: LIMITS[folder] ?? 0 })),
  );
  uploader.quotas.start(
    (folder) => walk(uploader.storage, folder),
    (_folder, error) => {
      throw error;
    },
  );
  await uploader.quotas.measuring.idle();
  return uploader;
}

/** The use of each quota that is known, and the one that a walk finds. */
async function uses(uploader: Uploader) {
  await uploader.quotas.measuring.idle();
  const known: Record<string, number> = {};
  const found: Record<string, number> = {};
  for (const folder of QUOTAS) {
    const inFolder = checkFilePath(folder === "" ? "x" : `${folder}/x`);
    for (const { path, used, reserved } of uploader.quotas.above(inFolder)) {
      expect(reserved).toBe(0);
      known[path] = used;
    }
    let bytes = 0;
    try {
      for await (const entry of walk(uploader.storage, checkFolderPath(folder)))
        if (entry.kind === "file") bytes += entry.size;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    }
    found[folder] = bytes;
  }
  return { known, found };
}

async function perform(uploader: Uploader, trash: TrashCan, operation: Operation): Promise<void> {
  if (operation.op === "save") {
    const { size, known, conflict, ends } = operation;
    const request = requestFor(operation.path, { size: known ? size : undefined, conflict });
    const upload = await uploader.begin(request);
    try {
      await upload.write(bytesOf(size));
      if (!ends) throw new Error("The client is gone.");
    } catch (error) {
      await upload.discard(error);
      throw error;
    }
    await upload.finish();
  } else if (operation.op === "restore") {
    const { entries } = await trash.list(10, undefined);
    if (entries[0]) await trash.restore(entries[0].id, operation.conflict, () => MAY);
  } else if (operation.op === "remove" || operation.op === "trash") {
    const into = operation.op === "trash" ? trash : null;
    await remove(uploader, checkFilePath(operation.path), { recursive: true, trash: into });
  } else {
    const { conflict } = operation;
    const ways = { from: checkFilePath(operation.path), to: checkFilePath(operation.to), conflict, may: MAY };
    if (operation.op === "move") await move(uploader, ways);
    else await (await CopyOperation.begin(uploader, ways)).run(new AbortController().signal);
  }
}

/** Runs an operation, which may be refused. */
async function attempt(uploader: Uploader, trash: TrashCan, operation: Operation): Promise<void> {
  await perform(uploader, trash, operation).catch((error: unknown) => {
    if (!(error instanceof Problem) && !(error instanceof Error && error.message.includes("client")))
      throw error;
  });
}

test.each([
  ["one after the other", false],
  ["all at once", true],
] as const)("after any operations, %s, the known use is the one that a walk finds", async (_name, atOnce) => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 25 }), async (operations) => {
      const uploader = await limited();
      const trash = new TrashCan(uploader, 3600, () => {});
      try {
        if (atOnce) await Promise.all(operations.map((each) => attempt(uploader, trash, each)));
        else for (const each of operations) await attempt(uploader, trash, each);
        const { known, found } = await uses(uploader);
        expect(known).toEqual(found);
        expect(uploader.quotas.claims).toBe(0);
        // One after the other, nothing was exceeded at any time.
        for (const folder of QUOTAS)
          if (!atOnce) expect(known[folder]).toBeLessThanOrEqual(LIMITS[folder] ?? 0);
      } finally {
        await trash.close();
      }
    }),
    { numRuns: 200 },
  );
});
