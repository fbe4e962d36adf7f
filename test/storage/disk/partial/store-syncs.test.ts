// Syncs of partial uploads: none is repeated, and every failure is reported.

import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import type { DiskStorage } from "../../../../src/storage/disk/disk.ts";
import { newUploadId } from "../../../../src/storage/upload-id.ts";
import { bytes, difference, MIB } from "../../bytes.ts";
import { codeOf, file, waiting } from "../../driving.ts";
import { watchRejections } from "../../rejections.ts";
import { systemError } from "../faults.ts";
import { TemporaryRoot } from "../temporary-root.ts";
import { watchedCalls } from "../watched-calls.ts";

watchRejections();

describe("an upload that was synced when it was closed", () => {
  test("is not synced again by the next request, but by the first one after a start", async () => {
    await using root = await TemporaryRoot.make();
    let syncs = 0;
    const calls = watchedCalls((name) => {
      if (name === "datasync") syncs += 1;
    });
    const first = await root.open({ calls });
    const id = await waiting(first, bytes(2 * MIB));
    const syncsOfLooking = async (storage: DiskStorage): Promise<number> => {
      const before = syncs;
      await (await storage.resume(id))?.suspend();
      return syncs - before;
    };
    expect(await syncsOfLooking(first)).toBe(0);
    const second = await root.reopen({ calls });
    expect(await syncsOfLooking(second)).toBe(1);
    expect(await syncsOfLooking(second)).toBe(0);
  });
});

describe("a concatenation of several uploads", () => {
  test("is made in pieces of 8 MiB, and synced after 32 MiB, by bulk calls only", async () => {
    await using root = await TemporaryRoot.make();
    const pieces: string[] = [];
    let joining = false;
    const calls = watchedCalls((name, detail) => {
      if (joining && ["copyRange", "write", "read"].includes(name)) pieces.push(`${name} ${detail}`);
      else if (joining && name.includes("ync")) pieces.push(name);
    });
    const storage = await root.open({ calls });
    const content = bytes(41 * MIB, 1);
    const part = await waiting(storage, content);
    const upload = await storage.begin(file("a"), newUploadId());
    joining = true;
    await upload.appendFrom([part]);
    joining = false;
    const piece = `copyRange ${8 * MIB}`;
    const expected = [piece, piece, piece, piece, "syncCopy", piece, `copyRange ${MIB}`, "syncCopy"];
    // Of the empty file, and of one that is synced already.
    expect(pieces).toEqual(["datasync", ...expected, "datasync"]);
    await upload.finish(file("a"), { replace: false });
    expect(difference(await readFile(root.in("a")), content)).toBeNull();
  });

  test("fails if a sync fails after a copy, and can be repeated", async () => {
    await using root = await TemporaryRoot.make();
    const joined: string[] = [];
    const calls = watchedCalls((name) => {
      if (name === "copyRange" || (name === "syncCopy" && joined.length > 0)) joined.push(name);
      if (name === "syncCopy" && joined.length > 0 && !joined.includes("failed")) {
        joined.push("failed");
        throw systemError("EIO");
      }
    });
    const storage = await root.open({ calls });
    const contents = [bytes(MIB, 1), bytes(2 * MIB, 2), bytes(100, 3)];
    const ids = await Promise.all(contents.map((content) => waiting(storage, content)));
    const upload = await storage.begin(file("a"), newUploadId());
    await storage.writeMetadata(upload.id, "note");
    expect(await codeOf(upload.appendFrom(ids))).toBe("storage_failed");
    expect(joined.slice(0, 3)).toEqual(["copyRange", "syncCopy", "failed"]);
    await upload.suspend().catch(() => {});
    const again = await storage.resume(upload.id);
    await again?.truncate(0);
    await again?.appendFrom(ids);
    await again?.finish(file("a"), { replace: false });
    expect(difference(await readFile(root.in("a")), Buffer.concat(contents))).toBeNull();
  });
});
