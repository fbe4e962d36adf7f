// Disks that are or become full: clear errors, no partial files, and other requests are not affected.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Mount, whyNoMounts } from "../storage/disk/faults.ts";
import { TemporaryRoot } from "../storage/disk/temporary-root.ts";
import { patient } from "../support/patience.ts";
import { problemIn } from "../support/problem.ts";
import type { RawConnection } from "../support/raw.ts";
import { until } from "../support/server.ts";
import { skipped } from "../support/switches.ts";
import { CHUNKED, chunk, FORM, FORM_END, filePart, head, LAST_CHUNK } from "./requests.ts";
import { startTarget, type Target } from "./target.ts";

setDefaultTimeout(patient(20_000));

const reason = await (async () => {
  await using root = await TemporaryRoot.make();
  return await whyNoMounts(root.root);
})();
if (reason !== null) skipped("attacks with full disks", reason, "run it as root on Linux");

const KB = "x".repeat(1000);
const MB = "x".repeat(1_000_000);

/** A server whose root is a small file system, with one file that must not change. */
async function onDisk(
  options: string,
  inside: (server: Target) => Promise<void>,
  flags: string[] = [],
): Promise<void> {
  const mounts: Mount[] = [];
  const server = await startTarget({
    flags,
    prepare: async (root) => {
      mounts.push(await Mount.tmpfs(root, options));
      await writeFile(join(root, "kept"), "kept");
    },
  });
  try {
    // The first upload opens descriptors that stay open.
    expect(await put(server, "first", KB)).toBe(201);
    expect((await server.fetch("/files/first", { method: "DELETE" })).status).toBe(204);
    const before = await filesHeld(server);
    await inside(server);
    await server.expectUnharmed();
    expect(await filesHeld(server)).toEqual(before);
    expect(await Bun.file(server.in("kept")).text()).toBe("kept");
  } finally {
    for (const mount of mounts) await mount[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  }
}

async function filesHeld(server: Target): Promise<string[]> {
  return (await server.descriptors()).filter((name) => name.startsWith(server.root));
}

async function put(server: Target, path: string, body: string): Promise<number> {
  return (await server.fetch(`/files/${path}`, { method: "PUT", body })).status;
}

/** Sends megabytes until the response arrives or all are sent. */
async function sendAll(
  connection: RawConnection,
  megabytes: number,
  frame = (text: string) => text,
): Promise<void> {
  try {
    for (let sent = 0; sent < megabytes && connection.unread.length === 0; sent += 1)
      await connection.send(frame(MB));
  } catch {
    // The response arrived first.
  }
}

describe.skipIf(reason !== null)("a disk that becomes full", () => {
  test.each([
    ["with a length", "Content-Length: 20000000", (text: string) => text],
    ["in chunks", CHUNKED, chunk],
  ])("during an upload %s: 507, and a smaller file is saved afterwards", async (_, framing, frame) => {
    await onDisk("size=6m", async (server) => {
      for (let round = 0; round < 3; round += 1) {
        using connection = await server.raw(head("PUT", "/files/large", framing));
        await sendAll(connection, 20, frame);
        await problemIn(await connection.answer(), "storage_full");
        await until("the space is free again", async () => (await server.temporaries()).length === 0);
        expect(await put(server, `small-${round}`, KB)).toBe(201);
      }
      using connection = await server.raw(head("PUT", "/files/kept", framing));
      await sendAll(connection, 20, frame);
      await problemIn(await connection.answer(), "storage_full");
      expect(await server.files()).toEqual(["kept", "small-0", "small-1", "small-2"]);
    });
  });

  test("during a part of a form: the other parts are saved", async () => {
    await onDisk("size=6m", async (server) => {
      const files = filePart("a", KB) + filePart("large", MB.repeat(10)) + filePart("b", KB);
      const answer = await server.fetch("/files/", {
        method: "POST",
        headers: { "content-type": FORM.slice("Content-Type: ".length) },
        body: files + FORM_END,
      });
      expect(answer.status).toBe(207);
      expect(await answer.json()).toMatchObject({
        files: [{ path: "a" }, { path: "b" }],
        errors: [{ code: "storage_full", file: "large" }],
      });
      expect(await server.files()).toEqual(["a", "b", "kept"]);
    });
  });

  test("by one upload: a concurrent small one is saved", async () => {
    await onDisk("size=6m", async (server) => {
      using small = await server.raw(head("PUT", "/files/small", CHUNKED) + chunk(KB));
      await until("it is arriving", async () => (await server.uploads()).length === 1);
      using large = await server.raw(head("PUT", "/files/large", CHUNKED));
      await sendAll(large, 20, chunk);
      await problemIn(await large.answer(), "storage_full");
      await small.send(chunk(KB) + LAST_CHUNK);
      expect((await small.answer()).status).toBe(201);
      expect(await Bun.file(server.in("small")).text()).toBe(KB + KB);
    });
  });

  test("by many concurrent uploads: some are saved completely, the others not at all", async () => {
    await onDisk("size=6m", async (server) => {
      const statuses = await Promise.all(
        Array.from({ length: 20 }, (_, index) => put(server, `${index}`, MB)),
      );
      expect(statuses.filter((status) => status !== 201 && status !== 507)).toEqual([]);
      expect(statuses).toContain(507);
      for (const [index, status] of statuses.entries())
        expect(await Bun.file(server.in(`${index}`)).exists()).toBe(status === 201);
      for (const name of await server.files())
        if (name !== "kept") expect(Bun.file(server.in(name)).size).toBe(MB.length);
      for (const [index, status] of statuses.entries())
        if (status === 201) await server.fetch(`/files/${index}`, { method: "DELETE" });
    });
  });

  test("of inodes: neither a temporary file nor a folder can be created", async () => {
    await onDisk("size=6m,nr_inodes=30", async (server) => {
      const made: string[] = [];
      try {
        for (;;) {
          await writeFile(server.in(`filler-${made.length}`), "");
          made.push(`filler-${made.length}`);
        }
      } catch {
        // Full.
      }
      const answer = await server.fetch("/files/new", { method: "PUT", body: KB });
      await problemIn(answer, "storage_full");
      expect((await server.fetch("/health")).status).toBe(503);
      expect((await server.fetch("/files/filler-0", { method: "DELETE" })).status).toBe(204);
      await problemIn(
        await server.fetch("/files/new/folder/file", { method: "PUT", body: KB }),
        "storage_full",
      );
      expect(await server.files()).not.toContain("new/folder/file");
      for (const name of ["filler-1", "filler-2", "filler-3", "filler-4"])
        expect((await server.fetch(`/files/${name}`, { method: "DELETE" })).status).toBe(204);
      expect(await put(server, "new/folder/file", KB)).toBe(201);
      await until(
        "the server says that it is well",
        async () => (await server.fetch("/health")).status === 200,
      );
    });
  });
});

describe.skipIf(reason !== null)("--keep-free", () => {
  const flags = ["--keep-free", "4MiB"];

  test("refuses an announced length before the first byte, and an unannounced one at the limit", async () => {
    await onDisk(
      "size=8m",
      async (server) => {
        using announced = await server.raw(head("PUT", "/files/a", "Content-Length: 5000000"));
        await problemIn(await announced.answer(), "storage_full");
        using streamed = await server.raw(head("PUT", "/files/a", CHUNKED));
        await sendAll(streamed, 20, chunk);
        await problemIn(await streamed.answer(), "storage_full");
        const form = filePart("a", KB) + filePart("b", MB.repeat(6)) + filePart("c", KB) + FORM_END;
        const answer = await server.fetch("/files/", {
          method: "POST",
          headers: { "content-type": FORM.slice("Content-Type: ".length) },
          body: form,
        });
        expect(await answer.json()).toMatchObject({
          files: [{ path: "a" }, { path: "c" }],
          errors: [{ code: "storage_full", file: "b" }],
        });
        const { bavail, bsize } = await statfs(server.root);
        expect(bavail * bsize).toBeGreaterThan(4 * 1024 * 1024);
      },
      flags,
    );
  });

  test("includes the announced bytes of other uploads", async () => {
    await onDisk(
      "size=8m",
      async (server) => {
        using first = await server.raw(head("PUT", "/files/first", "Content-Length: 3000000"));
        await until("it is arriving", async () => (await server.uploads()).length === 1);
        using second = await server.raw(head("PUT", "/files/second", "Content-Length: 3000000"));
        await problemIn(await second.answer(), "storage_full");
        first.reset();
        await until("it is gone", async () => (await server.uploads()).length === 0);
        expect(await put(server, "second", MB.repeat(3))).toBe(201);
      },
      flags,
    );
  });
});

describe.skipIf(reason !== null)("another file system inside the root", () => {
  test("can be read, but refuses uploads", async () => {
    const mounts: Mount[] = [];
    const server = await startTarget({
      prepare: async (root) => {
        await mkdir(join(root, "other"));
        mounts.push(await Mount.tmpfs(join(root, "other"), "size=1m"));
        await writeFile(join(root, "other/there"), "there");
      },
    });
    try {
      expect(await (await server.fetch("/files/other/there")).text()).toBe("there");
      for (const path of ["other/new", "other/there", "other/new/folder/file"])
        await problemIn(
          await server.fetch(`/files/${path}`, { method: "PUT", body: KB }),
          "other_file_system",
        );
      expect(await Bun.file(server.in("other/there")).text()).toBe("there");
      await server.expectUnharmed();
    } finally {
      for (const mount of mounts) await mount[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    }
  });
});
