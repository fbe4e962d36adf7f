// The end of downloads: one log line for each, and no connection that waits for missing bytes.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync, statSync, truncateSync, unlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type RawConnection } from "../../support/raw.ts";
import { startServer, type TestServer, until } from "../../support/server.ts";

/** More bytes than the system buffers for a client that reads nothing. */
const LARGE = 64_000_000;

let server: TestServer;
let folder: string;
let socket: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-delivery-"));
  socket = join(folder, "a.sock");
  server = await startServer({ listen: [{ kind: "unix", path: socket, mode: 0o600 }] });
  await Bun.write(join(server.root, "ten"), "0123456789");
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

/** The single log line of a download, without time, client and request id. */
async function lineOf(name: string): Promise<string> {
  const lines = () => server.log.filter((line) => new RegExp(` (?:sent|cut|shrank) ${name} · `).test(line));
  await until("the download ends", () => lines().length > 0);
  expect(lines().length).toBe(1);
  const [line = ""] = lines();
  expect(line).toMatch(/(?: · by 127\.0\.0\.1)? · [0-9a-f-]{36}$/);
  return line.replace(/^\S+ |(?: · by .*)? · [0-9a-f-]{36}$/g, "");
}

/** Requests a large file, and stops reading after its first bytes. */
async function stalled(url: string, name: string, range = ""): Promise<RawConnection> {
  await Bun.write(join(server.root, name), Buffer.alloc(LARGE, "x"));
  const connection = await connect(url);
  await connection.send(`GET /files/${name} HTTP/1.1\r\nHost: localhost\r\n${range}\r\n`);
  await until("bytes come", () => connection.unread.length > 0);
  connection.pause();
  // Meanwhile the system's buffers become full, which are small for Unix sockets.
  await (await server.fetch("/health")).text();
  return connection;
}

describe.each(["a port", "a Unix socket"])("over %s", (kind) => {
  const onPort = kind === "a port";
  const url = () => (onPort ? server.url : `unix:${socket}`);
  const get = (path: string, init: BunFetchRequestInit = {}) =>
    onPort ? server.fetch(path, init) : fetch(`http://localhost${path}`, { ...init, unix: socket });
  beforeEach(() => void server.log.splice(0));

  test.each([
    ["whole", {}, "10 B"],
    ["range", { range: "bytes=2-4" }, "3 B"],
    ["ranges", { range: "bytes=2-4,6-7" }, "2\\d\\d B"],
  ])("a download is logged once: %s", async (name, headers: Record<string, string>, size) => {
    await Bun.write(join(server.root, name), "0123456789");
    const answer = await get(`/files/${name}`, { headers });
    const { length } = await answer.text();
    expect(await lineOf(name)).toMatch(new RegExp(`^sent ${name} · ${size} in \\d+ ms$`));
    expect(await lineOf(name)).toContain(` ${length} B `);
  });

  test("a response without file bytes is not logged as a download", async () => {
    await Bun.write(join(server.root, "none"), "0123456789");
    await get("/files/none", { method: "HEAD" });
    await get("/files/none", { headers: { "if-none-match": "*" } });
    await get("/files/none", { headers: { range: "bytes=20-" } });
    await (await get("/files/none")).text();
    expect(await lineOf("none")).toStartWith("sent none · 10 B in ");
  });

  test("a cut download is distinguished from a complete one", async () => {
    const connection = await stalled(url(), "left");
    connection.reset();
    expect(await lineOf("left")).toMatch(
      /^cut left · the client went after .+ m?s, before all of 64 MB was sent$/,
    );
  });

  test.each([
    ["all of it", ""],
    ["a range", "Range: bytes=1000000-\r\n"],
    ["all of it in place of a range", "Range: bytes=5-2\r\n"],
    ["ranges", "Range: bytes=0-9,1000000-\r\n"],
  ])(
    "if a file shrinks the connection is closed, without other bytes in place of the missing ones: %s",
    async (what, range) => {
      const name = `shrinking-${what.replaceAll(" ", "-")}`;
      const connection = await stalled(url(), name, range);
      truncateSync(join(server.root, name), 0);
      connection.resume();
      const answer = await connection.readToEnd();
      const body = answer.subarray(answer.indexOf("\r\n\r\n"));
      expect(body.length).toBeLessThan(LARGE - 1_000_000);
      expect(body.toString("latin1").trimEnd()).not.toEndWith("\r\n0");
      expect(await lineOf(name)).toMatch(/^shrank \S+ · the file became shorter: /);
      // Other requests are not affected.
      expect((await get("/files/ten")).status).toBe(200);
    },
  );

  test("a file that is removed is sent completely", async () => {
    const connection = await stalled(url(), "vanishing");
    unlinkSync(join(server.root, "vanishing"));
    connection.resume();
    expect((await connection.answer()).body.length).toBe(LARGE);
    expect(await lineOf("vanishing")).toStartWith("sent vanishing · 64 MB in ");
    connection[Symbol.dispose]();
  });
});

test("clients that read nothing use no memory of this process", async () => {
  const resident = (): number =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync("/proc/self/status", "latin1"))?.[1]) * 1024;
  await Bun.write(join(server.root, "slow"), Buffer.alloc(LARGE, "x"));
  const ask = async (): Promise<RawConnection> => {
    const connection = await connect(server.url);
    await connection.send("GET /files/slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
    connection.pause();
    return connection;
  };
  using first = await ask();
  Bun.gc(true);
  const before = resident();
  const readers = await Promise.all(Array.from({ length: 30 }, ask));
  const grown = resident() - before;
  for (const reader of [first, ...readers]) reader.reset();
  // Thirty copies of the file would use 1.9 GB.
  expect(grown).toBeLessThan(statSync(join(server.root, "slow")).size / 2);
});
