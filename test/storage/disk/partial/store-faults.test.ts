// Every system call of every operation on a partial upload fails once; bytes and metadata must survive.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { Problem } from "../../../../src/errors.ts";
import type { DiskStorage } from "../../../../src/storage/disk/disk.ts";
import type { PartialUpload } from "../../../../src/storage/storage.ts";
import { newUploadId, type UploadId } from "../../../../src/storage/upload-id.ts";
import { patient } from "../../../support/patience.ts";
import { bytes, chunksOf, difference, KIB, MIB } from "../../bytes.ts";
import { file, fill, put, reading, text } from "../../driving.ts";
import { watchRejections } from "../../rejections.ts";
import { callsWith } from "../faults.ts";
import { TemporaryRoot } from "../temporary-root.ts";
import { FailingOnce } from "../watched-calls.ts";

watchRejections();
setDefaultTimeout(patient(30_000));

// Syncs are skipped, because hundreds of uploads sync several times and no test here cuts the power.
const UNSYNCED = callsWith({ datasync: async () => {}, sync: async () => {} });

const ALL = bytes(MIB + 300 * KIB);
const HALF = ALL.subarray(0, MIB + 5);
const PART = ALL.subarray(HALF.length, HALF.length + 200 * KIB);

interface Case {
  storage: DiskStorage;
  id: UploadId;
  /** Another partial upload, with the bytes of PART. */
  other: UploadId;
  path: string;
}

interface Operation {
  name: string;
  run(at: Case, resume: () => Promise<PartialUpload>): Promise<unknown>;
  notes?: string[];
}

const operations: Operation[] = [
  { name: "resuming and pausing", run: (_, resume) => resume() },
  {
    name: "appending",
    run: async (_, resume) => {
      const upload = await resume();
      await fill(upload, chunksOf(ALL.subarray(upload.length), 100 * KIB));
    },
  },
  {
    name: "cutting back",
    run: async (_, resume) => {
      const upload = await resume();
      await upload.truncate(1000);
      await fill(upload, chunksOf(ALL.subarray(1000, 300 * KIB), 64 * KIB));
    },
  },
  { name: "cutting back to nothing", run: async (_, resume) => (await resume()).truncate(0) },
  { name: "joining", run: async ({ other }, resume) => (await resume()).appendFrom([other]) },
  {
    name: "joining from the first byte on",
    run: async ({ other }, resume) => {
      const upload = await resume();
      await upload.truncate(0);
      await fill(upload, [ALL.slice(0, HALF.length)]);
      await upload.appendFrom([other]);
    },
  },
  {
    name: "writing a note",
    run: ({ storage, id }) => storage.writeMetadata(id, "new"),
    notes: ["old", "new"],
  },
  { name: "reading notes", run: ({ storage }) => Array.fromAsync(storage.partialUploads()) },
  {
    name: "a look for the name",
    run: async ({ storage, id, path }) => expect(await storage.published(id, file(path))).toBe(false),
  },
];

/** Resumes after a failure like a client, and compares the bytes. */
async function bringToEnd({ storage, id, path }: Case, label: string): Promise<void> {
  const upload = await storage.resume(id);
  if (!upload) throw new Error(`The upload is lost: ${label}`);
  await fill(upload, chunksOf(ALL.subarray(upload.length), 64 * KIB));
  await upload.finish(file(path), { replace: true });
  expect(difference(await reading(storage, path, ({ body }) => body.bytes()), ALL), label).toBeNull();
  expect(await storage.published(id, file(path)), label).toBe(true);
}

async function waiting(storage: DiskStorage, content: Uint8Array<ArrayBuffer>): Promise<UploadId> {
  const id = newUploadId();
  const upload = await storage.begin(file("target"), id);
  await storage.writeMetadata(id, "old");
  await fill(upload, [content]);
  await upload.suspend();
  return id;
}

/** Repeats a step with another failing call each time, until all have failed once. @returns how often */
async function failEach(
  errno: string,
  step: (storage: DiskStorage, arm: () => void, failing: FailingOnce, root: TemporaryRoot) => Promise<void>,
): Promise<number> {
  await using root = await TemporaryRoot.make();
  const failing = new FailingOnce(errno, UNSYNCED);
  const storage = await root.open({ calls: failing.calls });
  await put(storage, "taken", "taken");
  const before = await root.idleDescriptors();
  for (let round = 0; ; round += 1) {
    const arm = (): void => {
      failing.made.length = 0;
      failing.failAt = round;
    };
    await step(storage, arm, failing, root);
    await root.expectDescriptors(before, `${failing.made[round]}`);
    expect(failing.descriptors.closedTwice).toEqual([]);
    for await (const { id } of storage.partialUploads()) await storage.deletePartial(id);
    expect(await readdir(root.in(".sluice", "kept"))).toEqual([]);
    if (failing.made.length <= round) return round;
  }
}

describe.each(operations)("$name, when one call fails", ({ run, notes = ["old"] }) => {
  test("loses nothing", async () => {
    const rounds = await failEach("EIO", async (storage, arm, failing, root) => {
      const at = {
        storage,
        id: await waiting(storage, HALF),
        other: await waiting(storage, PART),
        path: "new/file",
      };
      let upload: PartialUpload | null = null;
      arm();
      const end = await run(at, async () => {
        upload = await storage.resume(at.id);
        if (!upload) throw new Error("The upload is lost.");
        return upload;
      }).then(
        () => "done",
        (error: unknown) => error,
      );
      // Delete the upload after a failed and after a successful finish.
      const paused = await (upload as PartialUpload | null)?.suspend().catch((error: unknown) => error);
      failing.failAt = Number.POSITIVE_INFINITY;
      const label = `${failing.failed} ${failing.made.length}`;
      if (end !== "done") expect(end, label).toBeInstanceOf(Problem);
      if (paused) expect(paused, label).toBeInstanceOf(Problem);

      const there = await readFile(root.in(".sluice", "kept", `${at.id}.data`));
      expect(difference(there, ALL.subarray(0, there.length)), label).toBeNull();
      for await (const note of storage.partialUploads())
        expect(note.id === at.id ? notes : ["old"], label).toContain(note.text);
      await bringToEnd(at, label);
      const other = await readFile(root.in(".sluice", "kept", `${at.other}.data`));
      expect(difference(other, PART), label).toBeNull();
      await storage.remove(file(at.path));
      for (const name of await root.temporaries())
        await Bun.file(root.in(".sluice", "uploads", name)).delete();
    });
    expect(rounds).toBeGreaterThan(1);
  });
});

describe.each([
  ["a new name", "new/file", false],
  ["a taken name", "taken", true],
] as const)("finishing under %s, when one call fails", (_name, path, replace) => {
  test.each(["EIO", "ENOSPC", "EMFILE"])("with %s, has succeeded or can be repeated", async (errno) => {
    await failEach(errno, async (storage, arm, failing, root) => {
      await put(storage, "taken", "taken", true);
      const id = await waiting(storage, ALL);
      const upload = await storage.resume(id);
      arm();
      const end = await upload?.finish(file(path), { replace }).then(
        () => "done",
        (error: unknown) => error,
      );
      failing.failAt = Number.POSITIVE_INFINITY;
      const label = `${failing.failed}`;
      const published = await storage.published(id, file(path));
      if (end === "done") expect(published, label).toBe(true);
      else {
        expect(end, label).toBeInstanceOf(Problem);
        await upload?.suspend().catch(() => {});
        if (!published) await bringToEnd({ storage, id, path, other: id }, label);
      }
      expect(difference(await reading(storage, path, ({ body }) => body.bytes()), ALL), label).toBeNull();
      if (failing.failed === "unlink")
        for (const name of await root.temporaries())
          await Bun.file(root.in(".sluice", "uploads", name)).delete();
      expect(await root.temporaries(), label).toEqual([]);
      await storage.remove(file(path));
    });
  });
});

describe("begin and deletePartial, when one call fails", () => {
  test.each(["EIO", "ENOSPC", "EMFILE"])("with %s: a failed begin leaves nothing open", async (errno) => {
    const rounds = await failEach(errno, async (storage, arm, failing) => {
      const id = newUploadId();
      arm();
      const upload = await storage.begin(file("a"), id).catch((error: unknown) => {
        expect(error).toBeInstanceOf(Problem);
        return null;
      });
      failing.failAt = Number.POSITIVE_INFINITY;
      const again = upload ?? (await storage.begin(file("a"), id));
      await fill(again, [text("a")]);
      await again.discard();
    });
    expect(rounds).toBeGreaterThan(1);
  });

  test.each(["EIO", "EROFS"])(
    "with %s: discard does not throw, and forget can be called again",
    async (errno) => {
      await failEach(errno, async (storage, arm, failing) => {
        const upload = await storage.resume(await waiting(storage, HALF));
        arm();
        await upload?.discard();
        failing.failAt = Number.POSITIVE_INFINITY;
        await storage.deletePartial(upload?.id ?? newUploadId());
      });
      await failEach(errno, async (storage, arm, failing) => {
        const id = await waiting(storage, HALF);
        arm();
        await storage.deletePartial(id).catch((error: unknown) => expect(error).toBeInstanceOf(Problem));
        failing.failAt = Number.POSITIVE_INFINITY;
        await storage.deletePartial(id);
      });
    },
  );
});
