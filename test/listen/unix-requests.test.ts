// Requests over a Unix socket: what depends on the connection works as it does on a port.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { patient } from "../support/patience.ts";
import { connect } from "../support/raw.ts";
import { type ServerOptions, startServer, until } from "../support/server.ts";
import { skipped, whyOff } from "../support/switches.ts";

const LARGE = 600_000_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-unix-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A server that also listens on a Unix socket, and requests over it. */
async function started(options: ServerOptions = {}) {
  const path = join(folder, `${Bun.randomUUIDv7()}.sock`);
  const server = await startServer({ ...options, listen: [{ kind: "unix", path, mode: 0o600 }] });
  await Bun.write(join(server.root, "ten"), "0123456789");
  await Bun.write(join(server.root, "large"), "");
  await truncate(join(server.root, "large"), LARGE);
  return {
    server,
    url: `unix:${path}`,
    ask: (target: string, init: BunFetchRequestInit = {}) =>
      fetch(`http://localhost${target}`, { ...init, unix: path }),
    line: async (what: string) => {
      const found = () => server.log.find((line) => line.includes(what));
      await until(`a line with ${what}`, () => found() !== undefined);
      return found() ?? "";
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
type Started = Awaited<ReturnType<typeof started>>;

describe("one server", () => {
  let one: Started;
  beforeAll(async () => {
    one = await started();
  });
  afterAll(() => one.server.stop());

  test("a range has its status, its length and its bytes", async () => {
    const answer = await one.ask("/files/ten", { headers: { range: "bytes=2-4" } });
    expect(answer.status).toBe(206);
    expect(answer.headers.get("content-range")).toBe("bytes 2-4/10");
    expect(answer.headers.get("content-length")).toBe("3");
    expect(await answer.text()).toBe("234");
    expect((await one.ask("/files/ten", { headers: { range: "bytes=20-" } })).status).toBe(416);
    const several = await one.ask("/files/ten", { headers: { range: "bytes=0-1,8-" } });
    expect(several.headers.get("content-type")).toStartWith("multipart/byteranges");
    expect(await several.text()).toContain("\r\n\r\n89\r\n");
  });

  test("conditions are kept", async () => {
    const etag = (await one.ask("/files/ten")).headers.get("etag") ?? "";
    expect((await one.ask("/files/ten", { headers: { "if-none-match": etag } })).status).toBe(304);
    expect((await one.ask("/files/ten", { headers: { "if-match": '"other"' } })).status).toBe(412);
    const headers = { range: "bytes=2-4", "if-range": etag };
    expect((await one.ask("/files/ten", { headers })).status).toBe(206);
  });

  test("a client without an address is named by no line, and has no limit of its own", async () => {
    expect((await one.ask("/files/saved", { method: "PUT", body: "x" })).status).toBe(201);
    expect(await one.line("saved saved")).not.toContain(" · by ");
    await (await one.ask("/files/saved", { headers: { "x-forwarded-for": "203.0.113.7" } })).text();
    expect(await one.line("sent saved")).not.toContain("203.0.113.7");
  });

  test("names that are not those of this machine are refused, as on loopback", async () => {
    expect((await one.ask("/health", { headers: { host: "evil.example" } })).status).toBe(421);
    expect((await one.ask("/health", { headers: { host: "localhost" } })).status).toBe(200);
  });

  test("an upload whose client goes leaves nothing", async () => {
    const { activeUploads } = one.server.app.decorator.services.uploader;
    using client = await connect(one.url);
    await client.send("PUT /files/cut HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n012");
    await until("it runs", () => activeUploads.size === 1);
    client.reset();
    await until("it has ended", () => activeUploads.size === 0);
    expect((await one.ask("/files/cut")).status).toBe(404);
  });

  test("many answers on one connection are each logged once", async () => {
    using client = await connect(one.url);
    for (let count = 0; count < 20; count++) {
      await client.send("GET /files/ten HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-6\r\n\r\n");
      expect((await client.answer()).text).toBe("0123456");
    }
    const lines = () => one.server.log.filter((line) => line.includes("sent ten · 7 B"));
    await until("all are logged", () => lines().length >= 20);
    expect(lines()).toHaveLength(20);
  });
});

test("with --trusted-proxy unix, X-Forwarded-For names the client", async () => {
  await using one = await started({ trustedProxy: ["unix", "10.0.0.0/8"], maxUploadsPerClient: 1 });
  const headers = { "x-forwarded-for": "192.0.2.9, 203.0.113.7, 10.0.0.1" };
  await one.ask("/files/a", { method: "PUT", body: "x", headers });
  expect(await one.line("saved a")).toContain(" · by 203.0.113.7 · ");
  await one.server.fetch("/files/b", { method: "PUT", body: "x", headers });
  expect(await one.line("saved b")).toContain(" · by 127.0.0.1 · ");
});

test("a cap holds, and is free for the next when its client goes", async () => {
  const cap = 1_000_000;
  await using one = await started({ cap });
  const { caps } = one.server.app.decorator.services;
  using client = await connect(one.url);
  const began = performance.now();
  await client.send("GET /files/large HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await until("some of it has come", () => client.unread.length > 1_500_000, 30);
  const seconds = (performance.now() - began) / 1000;
  expect(client.unread.length).toBeLessThan(cap * (seconds + 1.5));
  expect(caps.downloads).toBe(1);
  client.reset();
  await until("the share is left", () => caps.downloads === 0, patient(5));
  expect(await one.line("cut large")).toContain("under the cap of this server");
});

const off = whyOff("LARGE");
const short = off !== null && skipped("a client of a Unix socket that stops reading", off);
test.skipIf(short)(
  "a client that stops reading is cut after a while, and its file is closed",
  async () => {
    await using one = await started({ idleTimeout: 1 });
    using client = await connect(one.url);
    await client.send("GET /files/large HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await until("bytes come", () => client.unread.length > 0);
    client.pause();
    expect(one.server.app.server?.pendingRequests).toBe(1);
    await until("it is cut", () => one.server.app.server?.pendingRequests === 0, 40);
    expect(await one.line("cut large")).toContain("the client went after");
  },
  120_000,
);
