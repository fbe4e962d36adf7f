// The folder of partial uploads: cleanup at the start, swapped links, and full disks.

import { describe, expect, test } from "bun:test";
import { link, lstat, mkdir, readdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { newUploadId } from "../../../../src/storage/upload-id.ts";
import { skipped } from "../../../support/switches.ts";
import { bytes, chunksOf, difference, KIB, MIB } from "../../bytes.ts";
import { codeOf, contentOf, file, fill, put, text, waiting } from "../../driving.ts";
import { watchRejections } from "../../rejections.ts";
import { Canary } from "../canary.ts";
import { Mount, whyNoMounts } from "../faults.ts";
import { TemporaryRoot } from "../temporary-root.ts";
import { watchedCalls } from "../watched-calls.ts";

const reason = await (async () => {
  await using root = await TemporaryRoot.make();
  return await whyNoMounts(root.root);
})();
if (reason !== null) skipped("tests of a full disk", reason, "run it as root on Linux");

watchRejections();

const KEPT = [".sluice", "kept"] as const;

describe("a start", () => {
  test("deletes bytes without metadata, links and foreign entries; metadata stays", async () => {
    await using root = await TemporaryRoot.make();
    const canary = await Canary.make(root);
    let storage = await root.open();
    const id = await waiting(storage, text("kept"));
    const bare = newUploadId();
    await storage.writeMetadata(bare, "bare");
    const [unnoted, linked, linkedNote] = [newUploadId(), newUploadId(), newUploadId()];
    await Bun.write(root.in(...KEPT, `${unnoted}.data`), "x");
    await symlink(canary.file, root.in(...KEPT, `${linked}.data`));
    await Bun.write(root.in(...KEPT, `${linked}.note`), "linked");
    await symlink(canary.file, root.in(...KEPT, `${linkedNote}.note`));
    await Bun.write(root.in(...KEPT, `${linkedNote}.data`), "x");
    await Bun.write(root.in(...KEPT, "short.note"), "x");
    await Bun.write(root.in(...KEPT, `${id}.note.data`), "x");
    await Bun.write(root.in(".sluice", "uploads", crypto.randomUUID()), "half a note");
    await mkdir(root.in(...KEPT, "folder"));
    storage = await root.reopen();
    expect((await readdir(root.in(...KEPT))).sort()).toEqual(
      ["folder", `${bare}.note`, `${id}.data`, `${id}.note`, `${linked}.note`].sort(),
    );
    expect(await root.temporaries()).toEqual([]);
    expect((await Array.fromAsync(storage.partialUploads())).map(({ text }) => text).sort()).toEqual([
      "bare",
      "linked",
      "note",
    ]);
    expect(await canary.touched()).toBeNull();
  });

  test("read-only deletes nothing and lists no metadata", async () => {
    await using root = await TemporaryRoot.make();
    const id = await waiting(await root.open(), text("kept"));
    const unnoted = newUploadId();
    await Bun.write(root.in(...KEPT, `${unnoted}.data`), "x");
    const storage = await root.reopen({ write: false });
    expect(await Array.fromAsync(storage.partialUploads())).toEqual([]);
    expect(await codeOf(storage.resume(id))).toBe("storage_read_only");
    expect(await codeOf(storage.writeMetadata(id, "x"))).toBe("storage_read_only");
    expect(await codeOf(storage.deletePartial(id))).toBe("storage_read_only");
    expect(await readdir(root.in(...KEPT))).toHaveLength(3);
  });

  test("creates the folder without access for other users", async () => {
    await using root = await TemporaryRoot.make();
    await root.open();
    expect((await lstat(root.in(...KEPT))).mode & 0o777).toBe(0o700);
  });

  test("refuses a link in place of the folder", async () => {
    await using root = await TemporaryRoot.make();
    const canary = await Canary.make(root);
    await mkdir(root.in(".sluice"));
    await symlink(canary.folder, root.in(...KEPT));
    expect(await codeOf(root.open())).toBe("link_in_path");
    expect(await canary.touched()).toBeNull();
    await root.expectDescriptors([]);
  });
});

describe("a link", () => {
  test("in place of the folder has no effect on a running server", async () => {
    await using root = await TemporaryRoot.make();
    const canary = await Canary.make(root);
    const storage = await root.open();
    const id = await waiting(storage, bytes(2 * MIB));
    const other = await waiting(storage, text("other"));
    await rename(root.in(...KEPT), root.in(".sluice", "moved"));
    await symlink(canary.folder, root.in(...KEPT));
    const upload = await storage.resume(id);
    await upload?.truncate(1000);
    await upload?.appendFrom([other]);
    await storage.writeMetadata(id, "new");
    await upload?.finish(file("a"), { replace: false });
    expect(await storage.published(id, file("a"))).toBe(true);
    await storage.deletePartial(id);
    await (await storage.begin(file("b"), newUploadId())).discard();
    await storage.deletePartial(other);
    expect(await contentOf(storage, "a")).toBe(new TextDecoder().decode(bytes(1000)).concat("other"));
    expect(await readdir(root.in(".sluice", "moved"))).toEqual([]);
    expect(await canary.touched()).toBeNull();
  });

  test("in place of bytes or metadata is ignored", async () => {
    await using root = await TemporaryRoot.make();
    const canary = await Canary.make(root);
    const storage = await root.open();
    for (const target of [canary.file, canary.folder, root.in("nowhere"), root.in("inside")]) {
      await put(storage, "inside", "inside", true);
      const id = await waiting(storage, text("x"));
      for (const kind of ["data", "note"]) {
        await rm(root.in(...KEPT, `${id}.${kind}`));
        await symlink(target, root.in(...KEPT, `${id}.${kind}`));
      }
      expect(await Array.fromAsync(storage.partialUploads())).toEqual([]);
      expect(await storage.resume(id)).toBeNull();
      expect(await codeOf(storage.begin(file("a"), id))).toBe("storage_failed");
      expect(await storage.published(id, file("inside"))).toBe(false);
      const upload = await storage.begin(file("a"), newUploadId());
      expect(await codeOf(upload.appendFrom([id]))).toBe("not_found");
      await upload.discard();
      await storage.writeMetadata(id, "new");
      expect(await Array.fromAsync(storage.partialUploads())).toMatchObject([{ id, text: "new", length: 0 }]);
      await storage.deletePartial(id);
    }
    expect(await contentOf(storage, "inside")).toBe("inside");
    expect(await readdir(root.in(...KEPT))).toEqual([]);
    expect(await canary.touched()).toBeNull();
  });

  test("or a pipe in place of bytes or metadata does not block calls", async () => {
    await using root = await TemporaryRoot.make();
    const storage = await root.open();
    const id = newUploadId();
    await Bun.$`mkfifo ${root.in(...KEPT, `${id}.data`)} ${root.in(...KEPT, `${id}.note`)}`.quiet();
    expect(await storage.resume(id)).toBeNull();
    expect(await Array.fromAsync(storage.partialUploads())).toEqual([]);
    const upload = await storage.begin(file("a"), newUploadId());
    expect(await codeOf(upload.appendFrom([id]))).toBe("not_found");
    await upload.discard();
    await root.reopen();
    expect(await readdir(root.in(...KEPT))).toEqual([]);
  });

  test("in the path of a published file is not followed", async () => {
    await using root = await TemporaryRoot.make();
    const storage = await root.open();
    const id = await waiting(storage, text("x"));
    await (await storage.resume(id))?.finish(file("folder/a"), { replace: false });
    await rename(root.in("folder"), root.in("moved"));
    await symlink(root.in("moved"), root.in("folder"));
    expect(await storage.published(id, file("folder/a"))).toBe(false);
    expect(await storage.published(id, file("moved/a"))).toBe(true);
  });
});

describe("bytes that are already published", () => {
  test("are never changed", async () => {
    await using root = await TemporaryRoot.make();
    const storage = await root.open();
    const id = await waiting(storage, text("x"));
    await link(root.in(...KEPT, `${id}.data`), root.in("elsewhere"));
    expect(await storage.resume(id)).toBeNull();
    expect(await contentOf(storage, "elsewhere")).toBe("x");
    await storage.deletePartial(id);
    expect(await contentOf(storage, "elsewhere")).toBe("x");
  });

  test("by a server that was then killed are recognised at the next start", async () => {
    await using root = await TemporaryRoot.make();
    let killed = false;
    const calls = watchedCalls((name) => {
      // Simulates a kill at the sync of the folder: no later call succeeds.
      return name === "sync" && killed ? new Promise<void>(() => {}) : undefined;
    });
    const storage = await root.open({ calls });
    const id = await waiting(storage, text("x"));
    const upload = await storage.resume(id);
    killed = true;
    void upload?.finish(file("a"), { replace: false });
    while ((await storage.find(file("a"))) === null) await Bun.sleep(1);
    killed = false;
    const next = await root.reopen();
    expect(await next.resume(id)).toBeNull();
    expect(await next.published(id, file("a"))).toBe(true);
    await next.releaseData(id);
    expect(await contentOf(next, "a")).toBe("x");
  });
});

describe.skipIf(reason !== null)("a full disk", () => {
  test.each([
    ["in the first bytes", "size=600k", 64 * KIB],
    ["in the first bytes, in tiny chunks", "size=600k", 100],
    ["in the first bytes, in one chunk", "size=600k", 3 * MIB],
    ["at the change of the writer", "size=1200k", 64 * KIB],
    ["in a batch", "size=2700k", 64 * KIB],
    ["in a batch of one large chunk", "size=2700k", 3 * MIB],
  ])(
    "%s: written bytes are kept, and the upload continues when there is space",
    async (_name, options, length) => {
      await using root = await TemporaryRoot.make();
      await using mount = await Mount.tmpfs(root.root, options);
      const storage = await root.open();
      const all = bytes(3 * MIB);
      await Bun.write(root.in("filler"), bytes(100 * KIB));
      const id = newUploadId();
      const upload = await storage.begin(file("a"), id);
      await storage.writeMetadata(id, "old");
      expect(
        await codeOf(
          fill(upload, chunksOf(all, length)).then(() => upload.finish(file("a"), { replace: true })),
        ),
      ).toBe("storage_full");
      // Space is freed before the unwritten bytes are discarded.
      await rm(root.in("filler"));
      expect(await codeOf(upload.suspend())).toBe("storage_full");
      const there = await readFile(root.in(...KEPT, `${id}.data`));
      expect(upload.length).toBe(there.length);
      expect(there.length).toBeGreaterThan(0);
      expect(difference(there, all.subarray(0, there.length))).toBeNull();

      await mount.remount("size=8m");
      const again = await storage.resume(id);
      expect(again?.length).toBe(there.length);
      await fill(again ?? upload, chunksOf(all.subarray(there.length), 64 * KIB));
      await again?.finish(file("a"), { replace: true });
      expect(difference(await readFile(root.in("a")), all)).toBeNull();
      await storage.close();
    },
  );

  test("keeps the old metadata and the bytes appended before", async () => {
    await using root = await TemporaryRoot.make();
    await using mount = await Mount.tmpfs(root.root, "size=3m");
    const storage = await root.open();
    const part = await waiting(storage, bytes(MIB));
    for (const own of [0, 100]) {
      const upload = await storage.begin(file("a"), newUploadId());
      await storage.writeMetadata(upload.id, "old");
      await fill(upload, [bytes(own)]);
      await upload.appendFrom([part]);
      await Bun.write(root.in("filler"), bytes(600 * KIB));
      expect(await codeOf(upload.appendFrom([part]))).toBe("storage_full");
      expect(await codeOf(storage.writeMetadata(upload.id, "x".repeat(2 * MIB)))).toBe("storage_full");
      expect((await Array.fromAsync(storage.partialUploads())).map(({ text }) => text).sort()).toEqual([
        "note",
        "old",
      ]);
      await upload.suspend().catch(() => {});
      await rm(root.in("filler"));
      await mount.remount("size=8m");
      const again = await storage.resume(upload.id);
      expect(again?.length).toBeGreaterThanOrEqual(own + MIB);
      await again?.truncate(own + MIB);
      await again?.appendFrom([part]);
      await again?.finish(file("a"), { replace: true });
      const expected = Buffer.concat([bytes(own), bytes(MIB), bytes(MIB)]);
      expect(difference(await readFile(root.in("a")), expected)).toBeNull();
      await storage.deletePartial(upload.id);
      await storage.remove(file("a"));
      await mount.remount("size=3m");
    }
    expect(await root.temporaries()).toEqual([]);
    await storage.close();
  });
});
