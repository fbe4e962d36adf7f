// Downloads of files that change, vanish or become unreadable: headers match the bytes, and no file stays open.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp } from "../../../../src/app.ts";
import { WORDS } from "../../../../src/config/config.ts";
import { createLog } from "../../../../src/plugins/log.ts";
import { openDisk } from "../../../../src/storage/disk/disk.ts";
import { MemoryStorage } from "../../../../src/storage/memory/memory.ts";
import { switchableCalls, systemError } from "../../../storage/disk/faults.ts";
import { watchedCalls } from "../../../storage/disk/watched-calls.ts";
import { problemIn } from "../../../support/problem.ts";
import { connect } from "../../../support/raw.ts";
import { startServer, type TestServer, until } from "../../../support/server.ts";

const LARGE = 3_000_000;
const descriptors = (): number => readdirSync("/proc/self/fd").length;

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await Bun.write(join(server.root, "large"), Buffer.alloc(LARGE, "x"));
  await Bun.write(join(server.root, "ten"), "0123456789");
});
afterAll(() => server.stop());

test("tag and length match the bytes, also while the file is replaced repeatedly", async () => {
  const put = (round: number) =>
    server.fetch("/files/changing", { method: "PUT", body: `${round}`.repeat(1 + (round % 7)) });
  const tags = new Map<string, string>();
  const rounds = 150;
  const replace = async (): Promise<void> => {
    for (let round = 10; round < 10 + rounds; round += 1) {
      const answer = await put(round);
      tags.set(answer.headers.get("etag") ?? "", `${round}`.repeat(1 + (round % 7)));
    }
    replacing = false;
  };
  await put(1);
  let replacing = true;
  const seen: [tag: string, text: string, length: string][] = [];
  const download = async (): Promise<void> => {
    while (replacing) {
      const answer = await server.fetch("/files/changing");
      const { headers } = answer;
      seen.push([headers.get("etag") ?? "", await answer.text(), headers.get("content-length") ?? ""]);
    }
  };
  await Promise.all([replace(), download(), download(), download()]);
  expect(seen.length).toBeGreaterThan(rounds / 2);
  const known = seen.filter(([tag]) => tags.has(tag));
  expect(
    known.filter(([tag, text, length]) => tags.get(tag) !== text || Number(length) !== text.length),
  ).toEqual([]);
});

describe("no file stays open", () => {
  const settled = (before: number) => until("all is closed", () => descriptors() <= before);
  const ask = async (init: RequestInit = {}, path = "/files/ten"): Promise<number> => {
    const answer = await server.fetch(path, init);
    await answer.arrayBuffer();
    return answer.status;
  };

  test("after 1,200 downloads: whole files, ranges, refusals and HEAD", async () => {
    await Promise.all(Array.from({ length: 16 }, () => ask()));
    const before = descriptors();
    const kinds: [RequestInit, number][] = [
      [{}, 200],
      [{ headers: { range: "bytes=2-5" } }, 206],
      [{ headers: { range: "bytes=2-3,5-6" } }, 206],
      [{ headers: { range: "bytes=20-" } }, 416],
      [{ headers: { "if-none-match": "*" } }, 304],
      [{ headers: { "if-match": '"x"' } }, 412],
      [{ headers: { "want-repr-digest": "sha-256=1" } }, 200],
      [{ method: "HEAD" }, 200],
    ];
    for (let round = 0; round < 75; round += 1)
      await Promise.all(
        [...kinds, ...kinds].map(async ([init, status]) => expect(await ask(init)).toBe(status)),
      );
    await settled(before);
  });

  test("after clients that disconnected in the middle", async () => {
    await ask();
    const before = descriptors();
    for (let round = 0; round < 40; round += 1) {
      using connection = await connect(server.url);
      const range = round % 4 < 2 ? "" : "Range: bytes=0-1000000,1500000-\r\n";
      await connection.send(`GET /files/large HTTP/1.1\r\nHost: localhost\r\n${range}\r\n`);
      if (round % 2 === 0) await until("bytes come", () => connection.unread.length > 0);
      connection.reset();
    }
    await settled(before);
    expect(await ask({}, "/files/large")).toBe(200);
  });
});

describe("a file that changes before it is opened or sent", () => {
  /** Downloads twice, with `change` called just before the file is opened, then just before it is sent. */
  async function changing(change: (root: string) => Promise<void>) {
    const root = await mkdtemp(join(tmpdir(), "sluice-sending-"));
    await mkdir(join(root, "folder"));
    await Bun.write(join(root, "folder", "file"), "inside");
    let ready = false;
    const calls = watchedCalls(async (name, path) => {
      if (!ready || name !== "open" || !`${path}`.endsWith("/file")) return;
      ready = false;
      await change(root);
    });
    const storage = await openDisk(root, { calls });
    const running = await startServer({ storage });
    ready = true;
    return {
      running,
      async [Symbol.asyncDispose]() {
        await running.stop();
        await storage.close();
        await rm(root, { recursive: true });
      },
    };
  }

  test("is not found if it was removed", async () => {
    await using here = await changing((root) => rm(join(root, "folder", "file")));
    await problemIn(await here.running.fetch("/files/folder/file"), "not_found");
  });

  test("is sent in its new version if it was replaced, with the new tag", async () => {
    await using here = await changing(async (root) => {
      await Bun.write(join(root, "other"), "replaced");
      await rename(join(root, "other"), join(root, "folder", "file"));
    });
    const answer = await here.running.fetch("/files/folder/file");
    expect(answer.headers.get("content-length")).toBe("8");
    expect(await answer.text()).toBe("replaced");
    const again = await here.running.fetch("/files/folder/file");
    expect(again.headers.get("etag")).toBe(answer.headers.get("etag"));
  });

  test("is not sent if its folder or the file itself was replaced by a link", async () => {
    const outside = await mkdtemp(join(tmpdir(), "sluice-canary-"));
    await Bun.write(join(outside, "file"), "canary");
    for (const swapped of ["folder", "folder/file"]) {
      await using here = await changing(async (root) => {
        await rename(join(root, swapped), join(root, "away"));
        await symlink(join(outside, swapped === "folder" ? "" : "file"), join(root, swapped));
      });
      await problemIn(await here.running.fetch("/files/folder/file"), "not_found");
    }
    await rm(outside, { recursive: true });
  });

  test("is not opened if it was replaced by a pipe", async () => {
    await using here = await changing(async (root) => {
      await rm(join(root, "folder", "file"));
      await Bun.$`mkfifo ${join(root, "folder", "file")}`.quiet();
    });
    await problemIn(await here.running.fetch("/files/folder/file"), "not_found");
  });
});

test.each([
  ["EACCES", "no_access"],
  ["ENOENT", "not_found"],
  ["EMFILE", "out_of_files"],
  ["EIO", "storage_failed"],
] as const)("a file that cannot be opened (%s) is answered with %s", async (errno, code) => {
  const root = await mkdtemp(join(tmpdir(), "sluice-sending-"));
  await Bun.write(join(root, "file"), "x");
  const calls = switchableCalls();
  const storage = await openDisk(root, { calls });
  await using running = await startServer({ storage });
  calls.open = async () => {
    throw systemError(errno);
  };
  for (const method of ["GET", "HEAD"]) {
    const answer = await running.fetch("/files/file", { method });
    if (method === "GET") await problemIn(answer, code);
    else expect(answer.ok).toBe(false);
  }
  calls.restore();
  await storage.close();
  await rm(root, { recursive: true });
});

test("a file that Bun cannot reopen is answered with a problem, which the log explains", async () => {
  class Vanishing extends MemoryStorage {
    override async open(path: Parameters<MemoryStorage["open"]>[0]) {
      return { ...(await super.open(path)), body: Bun.file("/nowhere/secret") };
    }
  }
  await using running = await startServer({ storage: new Vanishing() });
  await running.fetch("/files/a", { method: "PUT", body: "x" });
  const answer = await running.fetch("/files/a");
  const text = await answer.clone().text();
  await problemIn(answer, "internal");
  expect(text).not.toContain("nowhere");
  expect(running.log.join("\n")).toContain("/nowhere/secret");
});

test("an app without a server returns the same bytes, whenever they are read", async () => {
  const root = await mkdtemp(join(tmpdir(), "sluice-sending-"));
  await Bun.write(join(root, "large"), Buffer.alloc(LARGE, "y"));
  const app = await createApp({ root, allow: new Set(WORDS), logger: createLog("text", () => {}) });
  const before = descriptors();
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => app.handle(new Request("http://localhost/files/large"))),
  );
  await rm(join(root, "large"));
  for (const answer of answers) {
    const text = await answer.text();
    expect(text.length).toBe(LARGE);
    expect(text).toMatch(/^y+$/);
  }
  await until("all is closed", () => descriptors() <= before);
  await app.decorator.services.storage.close();
  await rm(root, { recursive: true });
});
