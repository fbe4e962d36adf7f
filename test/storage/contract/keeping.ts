// Contract: the lifecycle of a partial upload: metadata, single writer, deletion, restart.

import { describe, expect, test } from "bun:test";
import { ROOT } from "../../../src/path.ts";
import type { PartialUpload } from "../../../src/storage/storage.ts";
import { newUploadId } from "../../../src/storage/upload-id.ts";
import { bytes, chunksOf, KIB, MIB } from "../bytes.ts";
import { codeOf, contentOf, entriesIn, file, fill, pathsOf, put, text } from "../driving.ts";
import type { Current } from "./current.ts";
import { waitingUploads } from "./waiting.ts";

export function keepingContract(name: string, current: Current): void {
  const { begin, resume, notes, waiting, expectFinished } = waitingUploads(current);

  describe(`${name}: a partial upload`, () => {
    test("is published like any other, and its metadata is kept until it is deleted", async () => {
      const id = newUploadId();
      const upload = await begin(id);
      await current.storage.writeMetadata(id, "mine");
      await fill(upload, [text("one "), text("two")]);
      expect(upload).toMatchObject({ id, length: 7 });
      expect(await entriesIn(current.storage, ROOT)).toEqual([]);
      const { entry, replaced } = await upload.finish(file("a"), { replace: false });
      expect({ replaced, size: entry.size }).toEqual({ replaced: false, size: 7 });
      expect(await current.storage.find(file("a"))).toEqual(entry);
      await upload.discard();
      expect(await notes()).toMatchObject([{ id, text: "mine", length: 7 }]);
      await current.storage.releaseData(id);
      expect(await notes()).toMatchObject([{ id, text: "mine", length: 0 }]);
      await current.storage.deletePartial(id);
      expect(await notes()).toEqual([]);
      expect(await contentOf(current.storage, "a")).toBe("one two");
    });

    test("can use another name after name_taken, replaces only on request, and never a folder", async () => {
      await put(current.storage, "taken", "old");
      await put(current.storage, "folder/a", "a");
      const id = await waiting(text("new"));
      const upload = await resume(id);
      expect(await codeOf(upload.finish(file("taken"), { replace: false }))).toBe("name_taken");
      expect(await codeOf(upload.finish(file("folder"), { replace: false }))).toBe("name_taken");
      expect(await contentOf(current.storage, "taken")).toBe("old");
      expect((await upload.finish(file("free/a"), { replace: false })).replaced).toBe(false);
      const other = await resume(await waiting(text("newer")));
      expect((await other.finish(file("taken"), { replace: true })).replaced).toBe(true);
      expect(await contentOf(current.storage, "taken")).toBe("newer");
      const third = await resume(await waiting(text("third")));
      expect(await codeOf(third.finish(file("folder"), { replace: true }))).toBe("is_folder");
      await third.discard();
    });

    test("can be opened only once at a time, and begun only once", async () => {
      const id = newUploadId();
      const upload = await begin(id);
      expect(await codeOf(begin(id))).toBe("storage_failed");
      expect(await codeOf(current.storage.resume(id))).toBe("storage_failed");
      await upload.suspend();
      expect(await codeOf(begin(id))).toBe("storage_failed");
      await (await resume(id)).discard();
      expect(await current.storage.resume(id)).toBeNull();
      await (await begin(id)).discard();
    });

    test("is closed once suspended, and a discard then keeps the bytes", async () => {
      const id = newUploadId();
      const upload = await begin(id);
      await fill(upload, [text("abc")]);
      await upload.suspend();
      await upload.discard();
      expect(await codeOf((async () => await upload.append(text("x")))())).toBe("storage_failed");
      expect(await codeOf(upload.suspend())).toBe("storage_failed");
      expect(await codeOf(upload.finish(file("a"), { replace: false }))).toBe("storage_failed");
      const again = await resume(id);
      expect(again.length).toBe(3);
      await again.discard();
    });

    test("is deleted by discard, with its metadata", async () => {
      const id = await waiting(bytes(2 * MIB));
      const upload = await resume(id);
      await Promise.all([upload.discard(), upload.discard()]);
      expect(await current.storage.resume(id)).toBeNull();
      expect(await notes()).toEqual([]);
      expect(await codeOf((async () => await upload.append(text("x")))())).toBe("storage_failed");
    });

    test("discarded during suspend, truncate, appendFrom or finish is deleted or complete", async () => {
      const other = await waiting(bytes(2 * MIB, 5), "other");
      const steps: ((upload: PartialUpload) => Promise<unknown>)[] = [
        (upload) => upload.suspend(),
        (upload) => upload.truncate(1000),
        (upload) => upload.appendFrom([other]),
        (upload) => upload.finish(file("folder/a"), { replace: true }),
      ];
      for (const step of steps)
        for (let turns = 0; turns < 12; turns += 1) {
          const upload = await resume(await waiting(bytes(MIB + 1000)));
          await upload.append(bytes(200 * KIB));
          const end = codeOf(step(upload));
          for (let turn = 0; turn < turns; turn += 1)
            await new Promise<void>((resolve) => setImmediate(resolve));
          await upload.discard();
          const found = await current.storage.find(file("folder/a"));
          if (found) expect(await end).toMatchObject({ resolved: { entry: found } });
          if (found) await current.storage.remove(file("folder/a"));
          await end;
          await current.storage.deletePartial(upload.id);
          expect(await current.storage.resume(upload.id)).toBeNull();
        }
      await expectFinished(await resume(other), bytes(2 * MIB, 5));
    });
  });

  describe(`${name}: after a restart`, () => {
    test("only uploads with metadata are listed", async () => {
      const all = bytes(MIB + 3);
      const kept = await waiting(all, "kept");
      const unnoted = await waiting(all, null);
      const running = newUploadId();
      const upload = await begin(running);
      await current.storage.writeMetadata(running, "running");
      await fill(upload, chunksOf(all, 64 * KIB));
      await upload.suspend();
      const settled = await waiting(text("x"), "settled");
      await (await resume(settled)).finish(file("x"), { replace: false });
      await current.storage.releaseData(settled);
      const before = Date.now();
      await current.reopen();
      const found = await notes();
      expect(found.map(({ id, text, length }) => ({ id, text, length }))).toEqual([
        { id: kept, text: "kept", length: all.length },
        { id: running, text: "running", length: all.length },
        { id: settled, text: "settled", length: 0 },
      ]);
      for (const { changed } of found) expect(Math.abs(changed.getTime() - before)).toBeLessThan(60_000);
      expect(await current.storage.resume(unnoted)).toBeNull();
      expect(await current.storage.resume(settled)).toBeNull();
      await expectFinished(await resume(kept), all, "kept");
      await expectFinished(await resume(running), all, "running");
      expect(pathsOf(await entriesIn(current.storage, ROOT))).toEqual(["kept", "running", "x"]);
    });

    test("a published upload is known until its data is released", async () => {
      for (const replace of [false, true]) {
        if (replace) await put(current.storage, "folder/replaced", "old");
        const path = file(replace ? "folder/replaced" : "folder/new");
        const id = await waiting(text("content"));
        expect(await current.storage.published(id, path)).toBe(false);
        await (await resume(id)).finish(path, { replace });
        await current.reopen();
        expect(await current.storage.published(id, path)).toBe(true);
        for (const other of ["folder", "folder/other", "nowhere/a", "folder/new/a", "a"])
          expect(await current.storage.published(id, file(other))).toBe(false);
        expect(await current.storage.published(newUploadId(), path)).toBe(false);
        expect(await current.storage.resume(id)).toBeNull();
        await current.storage.releaseData(id);
        expect(await current.storage.published(id, path)).toBe(false);
        await current.storage.releaseData(id);
        expect(await contentOf(current.storage, path)).toBe("content");
      }
      const id = await waiting(text("content"));
      await (await resume(id)).finish(file("b"), { replace: false });
      await put(current.storage, "b", "content", true);
      expect(await current.storage.published(id, file("b"))).toBe(false);
    });
  });

  describe(`${name}: metadata`, () => {
    test("is the text that was written last, whatever it contains", async () => {
      const id = await waiting(text("abc"));
      for (const note of ["", "{}", "ümlaut\n\0😀", "x".repeat(300_000), "last"]) {
        await current.storage.writeMetadata(id, note);
        expect(await notes()).toMatchObject([{ id, text: note, length: 3 }]);
      }
    });

    test("is stored separately for a hundred uploads", async () => {
      const ids = await Promise.all(
        Array.from({ length: 100 }, (_, index) => waiting(text("a"), `${index}`)),
      );
      expect((await notes()).map(({ id }) => id).sort()).toEqual(ids.sort());
      await Promise.all(ids.map((id) => current.storage.deletePartial(id)));
      expect(await notes()).toEqual([]);
    });

    test("is deleted with the bytes, also if there are none", async () => {
      const id = await waiting(text("abc"));
      await current.storage.deletePartial(id);
      await current.storage.deletePartial(id);
      await current.storage.deletePartial(newUploadId());
      await current.storage.releaseData(newUploadId());
      expect(await notes()).toEqual([]);
      expect(await current.storage.resume(id)).toBeNull();
    });
  });
}
