// Disks whose system calls fail at each step of an upload: clear errors, no partial files, and recovery afterwards.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdir, writeFile } from "node:fs/promises";
import type { ProblemCode } from "../../src/errors.ts";
import { openDisk } from "../../src/storage/disk/disk.ts";
import { switchableCalls, systemError } from "../storage/disk/faults.ts";
import { TemporaryRoot } from "../storage/disk/temporary-root.ts";
import { patient } from "../support/patience.ts";
import { problemIn } from "../support/problem.ts";
import { startServer, until } from "../support/server.ts";

setDefaultTimeout(patient(20_000));

const KB = "x".repeat(1000);
const MB = "x".repeat(1_000_000);

describe("a disk that fails", () => {
  const cases: [errno: string, code: ProblemCode][] = [
    ["ENOSPC", "storage_full"],
    ["EDQUOT", "storage_full"],
    ["EIO", "storage_failed"],
    ["EROFS", "storage_read_only"],
    ["EMFILE", "out_of_files"],
  ];
  const steps = ["open", "datasync", "link", "sync"] as const;

  test.each(cases)("with %s at each step is reported as %s", async (errno, code) => {
    await using root = await TemporaryRoot.make();
    const calls = switchableCalls();
    const storage = await openDisk(root.root, { calls });
    await using server = await startServer({ root: root.root, storage });
    await writeFile(root.in("kept"), "kept");
    const fail = async (): Promise<never> => {
      throw systemError(errno);
    };
    for (const step of steps) {
      Object.assign(calls, { [step]: fail });
      // A name that is new is given by renameat2(); where that fails, link() reports the reason.
      if (step === "link") Object.assign(calls, { renameNew: async () => "refused" });
      for (const path of ["new", "kept"]) {
        // A new name is given by renameat2() or link(), an existing file is replaced by rename().
        if (step === "link") Object.assign(calls, { renameNew: fail });
        if (step === "link" && path === "kept") Object.assign(calls, { rename: fail });
        const answer = await server.fetch(`/files/${path}`, { method: "PUT", body: MB.repeat(2) });
        await problemIn(answer, code);
      }
      calls.restore();
      // If only the sync after the rename fails, the old file cannot be restored, and the new one is complete.
      if (step === "sync") expect(Bun.file(root.in("kept")).size).toBe(MB.length * 2);
      else expect(await Bun.file(root.in("kept")).text()).toBe("kept");
      expect((await readdir(root.root)).sort()).toEqual([".sluice", "kept"]);
      await until("nothing is left", async () => (await root.temporaries()).length === 0);
      expect((await server.fetch(`/files/${step}`, { method: "PUT", body: KB })).status).toBe(201);
      expect((await server.fetch(`/files/${step}`, { method: "DELETE" })).status).toBe(204);
    }
    await server.stop();
    await storage.close();
  });

  test("by becoming read-only is reported by uploads, removals and /health, until it is writable again", async () => {
    await using root = await TemporaryRoot.make();
    const calls = switchableCalls();
    const storage = await openDisk(root.root, { calls });
    await using server = await startServer({ root: root.root, storage });
    await writeFile(root.in("kept"), "kept");
    const fail = async (): Promise<never> => {
      throw systemError("EROFS");
    };
    const { open, unlink } = calls;
    calls.open = async (path, flags, mode) => (mode === undefined ? open(path, flags) : fail());
    calls.unlink = fail;
    await problemIn(await server.fetch("/files/a", { method: "PUT", body: KB }), "storage_read_only");
    await problemIn(await server.fetch("/files/kept", { method: "DELETE" }), "storage_read_only");
    expect(await (await server.fetch("/files/kept")).text()).toBe("kept");
    const health = async () => ({ code: (await server.fetch("/health")).status });
    await until("the server says that it cannot be written", async () => (await health()).code === 503);
    calls.restore();
    expect(calls.unlink).toBe(unlink);
    await until("the server says that it is well", async () => (await health()).code === 200);
    expect((await server.fetch("/files/a", { method: "PUT", body: KB })).status).toBe(201);
    await server.stop();
    await storage.close();
  });
});
