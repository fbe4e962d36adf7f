// One upload on the disk: concurrent operations on it, and that it leaves nothing behind.

import { describe, expect, test } from "bun:test";
import { mkdir, rename, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { Problem } from "../../../../src/errors.ts";
import { ROOT } from "../../../../src/path.ts";
import type { Calls } from "../../../../src/storage/disk/os/calls.ts";
import { bytes, chunksOf, KIB, MIB } from "../../bytes.ts";
import { codeOf, contentOf, entriesIn, file, pathsOf, put, text } from "../../driving.ts";
import { watchRejections } from "../../rejections.ts";
import { Gate, settle, until, Watched } from "../../until.ts";
import { callsWith, NAMING, switchableCalls, systemError } from "../faults.ts";
import { TemporaryRoot } from "../temporary-root.ts";
import { Descriptors, watchedCalls } from "../watched-calls.ts";

watchRejections();

describe("discard", () => {
  // Before the file is named, discard succeeds.
  const early: (keyof Calls)[] = ["datasync", "open", "mkdir", "stat"];
  const late: (keyof Calls)[] = ["sync", "renameNew", "link", "lstat", "rename"];
  const moments = [...early, ...late];

  test.each(moments)("at the moment of %s leaves a complete file or nothing", async (moment) => {
    await using root = await TemporaryRoot.make();
    const descriptors = new Descriptors();
    let discard: (() => Promise<void>) | undefined;
    const discards: Promise<void>[] = [];
    const calls = watchedCalls((name) => {
      if (name !== moment || !discard) return;
      discards.push(discard());
      discard = undefined;
    }, descriptors);
    const storage = await root.open({ calls });
    await put(storage, "taken", "old");
    const before = await root.idleDescriptors();
    for (const [path, replace] of [["new/folder/file", false] as const, ["taken", true] as const]) {
      const upload = await storage.begin(file(path));
      await upload.append(text("new"));
      discard = () => upload.discard();
      const end = await codeOf(upload.finish(file(path), { replace }));
      const discarded = discard === undefined;
      discard = undefined;
      await upload.discard();
      if (discarded && early.includes(moment)) expect(end).toBe("storage_failed");
      await Promise.all(discards);
      const content = await contentOf(storage, path).catch((error: Problem) => error.code);
      if (typeof end === "string") {
        expect(end).toBe("storage_failed");
        expect(content).toBe(replace ? "old" : "not_found");
      } else expect(content).toBe("new");
      expect(await root.temporaries()).toEqual([]);
      await root.expectDescriptors(before);
    }
    expect(discards.length).toBeGreaterThan(0);
    expect(descriptors.closedTwice).toEqual([]);
  });

  test("waits for the batch in flight, so that its descriptor is not given to another upload", async () => {
    await using root = await TemporaryRoot.make();
    const gate = new Gate();
    const storage = await root.open({
      calls: callsWith({
        write: async (_file, batch) => {
          await gate.pass();
          return batch.byteLength;
        },
      }),
    });
    const upload = await storage.begin(file("a"));
    await upload.append(bytes(MIB));
    const rooms = [...chunksOf(bytes(MIB), 512 * KIB)].map((chunk) =>
      codeOf((async () => await upload.append(chunk))()),
    );
    const discards = [new Watched(upload.discard()), new Watched(upload.discard())];
    await settle();
    expect(discards.map(({ state }) => state)).toEqual(["pending", "pending"]);
    expect(await root.temporaries()).toHaveLength(1);
    gate.open();
    await until("discarded", () => discards.every(({ state }) => state === "fulfilled"));
    expect(await rooms[1]).toBe("storage_failed");
    expect(await root.temporaries()).toEqual([]);
  });

  test("does not fail when the disk does", async () => {
    await using root = await TemporaryRoot.make();
    const calls = switchableCalls();
    const storage = await root.open({ calls });
    const upload = await storage.begin(file("a"));
    await upload.append(text("a"));
    const broken = async (): Promise<never> => {
      throw systemError("EIO");
    };
    Object.assign(calls, { unlink: broken, datasync: broken });
    await upload.discard();
    calls.restore();
    expect(await root.temporaries()).toHaveLength(1);
    await root.reopen();
    expect(await root.temporaries()).toEqual([]);
  });
});

describe.each(NAMING)("finish with %s", (naming, system) => {
  test("creates its folder again if it is removed at the last moment", async () => {
    await using root = await TemporaryRoot.make();
    let removals = 2;
    const storage = await root.open({
      calls: watchedCalls(
        async (name) => {
          if (name === naming && removals-- > 0) await rm(root.in("folder"), { recursive: true });
        },
        undefined,
        system,
      ),
    });
    await put(storage, "folder/inner/a", "a");
    expect(await contentOf(storage, "folder/inner/a")).toBe("a");
    expect(await root.temporaries()).toEqual([]);
  });

  test("fails if the folder is removed repeatedly", async () => {
    await using root = await TemporaryRoot.make();
    const storage = await root.open({
      calls: watchedCalls(
        async (name) => {
          if (name === naming) await rm(root.in("folder"), { recursive: true, force: true });
        },
        undefined,
        system,
      ),
    });
    expect(await codeOf(put(storage, "folder/a", "a"))).toBe("storage_gone");
    expect(await root.temporaries()).toEqual([]);
  });

  test("removes its name if the folder cannot be synced, but not the file of another upload", async () => {
    await using root = await TemporaryRoot.make();
    const calls = switchableCalls(system);
    const storage = await root.open({ calls });
    calls.sync = async () => {
      throw systemError("EIO");
    };
    expect(await codeOf(put(storage, "a", "a"))).toBe("storage_failed");
    expect(await storage.find(file("a"))).toBeNull();
    calls.sync = async () => {
      await Bun.write(root.in("other"), "of another");
      await rename(root.in("other"), root.in("a"));
      throw systemError("EIO");
    };
    expect(await codeOf(put(storage, "a", "a"))).toBe("storage_failed");
    expect(await contentOf(storage, "a")).toBe("of another");
    expect(await root.temporaries()).toEqual([]);
  });

  test("fails if another file is created at the last moment, or replaces it on request", async () => {
    await using root = await TemporaryRoot.make();
    const first = (): Promise<number> => Bun.write(root.in("a"), "first");
    const storage = await root.open({
      calls: watchedCalls(async (name) => void (name === naming && (await first())), undefined, system),
    });
    expect(await codeOf(put(storage, "a", "second"))).toBe("name_taken");
    expect(await contentOf(storage, "a")).toBe("first");
    await rm(root.in("a"));
    expect((await put(storage, "a", "second", true)).replaced).toBe(true);
    expect(await contentOf(storage, "a")).toBe("second");
  });

  test("reports that nothing was replaced if the old file is removed at the last moment", async () => {
    await using root = await TemporaryRoot.make();
    let replacing = false;
    const storage = await root.open({
      calls: watchedCalls(
        async (name) => void (name === "lstat" && replacing && (await rm(root.in("a")))),
        undefined,
        system,
      ),
    });
    await put(storage, "a", "old");
    replacing = true;
    expect((await put(storage, "a", "new", true)).replaced).toBe(false);
    expect(await contentOf(storage, "a")).toBe("new");
  });

  test("replaces neither a pipe nor a socket", async () => {
    await using root = await TemporaryRoot.make();
    const storage = await root.open();
    await Bun.$`mkfifo ${root.in("pipe")}`.quiet();
    const server = createServer().listen(root.in("socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    try {
      for (const path of ["pipe", "socket"]) {
        expect(await codeOf(put(storage, path, "x", true))).toBe("name_taken");
        expect(await codeOf(put(storage, path, "x", false))).toBe("name_taken");
        expect(await codeOf(put(storage, `${path}/x`, "x", true))).toBe("not_a_folder");
        expect(await codeOf(storage.remove(file(path)))).toBe("not_found");
        expect(await storage.find(file(path))).toBeNull();
        expect(await codeOf(storage.open(file(path)))).toBe("not_found");
      }
      expect(await entriesIn(storage, ROOT)).toEqual([]);
    } finally {
      server.close();
    }
  });

  test("accepts names of maximum length, and reports a lower limit of the file system", async () => {
    await using root = await TemporaryRoot.make();
    const calls = switchableCalls(system);
    const storage = await root.open({ calls });
    const long = `${"é".repeat(127)}x`;
    await put(storage, `${long}/${long}`, "long");
    expect(await contentOf(storage, `${long}/${long}`)).toBe("long");
    calls.renameNew = async () => "refused";
    calls.link = async () => {
      throw systemError("ENAMETOOLONG");
    };
    expect(await codeOf(put(storage, "a", "a"))).toBe("invalid_path");
    expect(await root.temporaries()).toEqual([]);
  });

  test("creates files with the mode of the process's umask", async () => {
    await using root = await TemporaryRoot.make();
    const storage = await root.open();
    await put(storage, "a", "a");
    expect((await Bun.file(root.in("a")).stat()).mode & 0o777).toBe(0o666 & ~process.umask());
  });
});

describe("names that macOS decomposed", () => {
  const composed = "caf\u00e9";
  const decomposed = "cafe\u0301";

  test("refer to the same file and folder for uploads", async () => {
    await using root = await TemporaryRoot.make();
    const storage = await root.open();
    await mkdir(root.in(decomposed));
    await Bun.write(root.in(decomposed, decomposed), "old");
    const path = `${composed}/${composed}`;
    expect(await codeOf(put(storage, path, "new", false))).toBe("name_taken");
    expect((await storage.probe(file(path)))?.kind).toBe("file");
    expect((await put(storage, path, "new", true)).replaced).toBe(true);
    expect(await contentOf(storage, path)).toBe("new");
    await put(storage, `${composed}/other`, "other");
    expect(pathsOf(await entriesIn(storage, ROOT))).toEqual([composed]);
    await storage.remove(file(path));
    expect(await storage.find(file(path))).toBeNull();
  });
});
