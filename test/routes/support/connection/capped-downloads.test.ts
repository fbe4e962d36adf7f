// Downloads under a cap: their connections are limited to their share, and free afterwards.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { cutConnection } from "../../../../src/routes/support/connection/connection.ts";
import { Connection } from "../../../../src/system/pacing.ts";
import { patient } from "../../../support/patience.ts";
import { connect, type RawConnection } from "../../../support/raw.ts";
import { startServer, type TestServer, until } from "../../../support/server.ts";
import { skipped } from "../../../support/switches.ts";

const skip =
  process.platform !== "linux" &&
  skipped("downloads under a cap", "only Linux limits connections", "run it there");

const CAP = 6e6;
/** 0.2 s under the cap. */
const SMALL = 1_200_000;
/** Longer than any test under the cap. */
const LARGE = 600_000_000;

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ cap: CAP });
  await Bun.write(join(server.root, "small"), Buffer.alloc(SMALL, "x"));
  await Bun.write(join(server.root, "large"), "");
  truncateSync(join(server.root, "large"), LARGE);
});
afterAll(() => server.stop());

const running = (): number => server.app.decorator.services.caps.downloads;

/** The rate to which the server's end of a client's connection is limited. */
function rateOf({ port }: RawConnection): number | undefined {
  const local = { address: "127.0.0.1", port: server.app.server?.port ?? 0 };
  return Connection.find(local, { address: "127.0.0.1", port })?.rate;
}

/** Requests a file and reads what comes. */
async function get(name: string, headers = ""): Promise<RawConnection> {
  const client = await connect(server.url);
  await client.send(`GET /files/${name} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`);
  return client;
}

describe.skipIf(skip)("a download", () => {
  test("is limited while it runs, has its length, and leaves a connection without a limit", async () => {
    using client = await get("small");
    await until("the connection is limited", () => rateOf(client) === CAP);
    const { headers, body } = await client.answer();
    expect(headers.get("content-length")).toBe(`${SMALL}`);
    expect(body.byteLength).toBe(SMALL);
    await until("the connection is free", () => rateOf(client) === undefined);
    expect(running()).toBe(0);
    await client.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect((await client.answer()).status).toBe(200);
    expect(rateOf(client)).toBeUndefined();
    expect(server.log.filter((line) => line.includes("sent small"))).toEqual([
      expect.stringMatching(/sent small · 1\.2 MB in .*, under the cap of this server \(6 MB\/s\) · by/),
    ]);
  });

  test("of three has a third, and all of it when the others have ended", async () => {
    using one = await get("large");
    using two = await get("large");
    using three = await get("large");
    const clients = [one, two, three];
    await until("each has a third", () => clients.every((client) => rateOf(client) === CAP / 3));
    two.reset();
    three.reset();
    await until("the first has all", () => rateOf(one) === CAP);
    one.reset();
    await until("none runs", () => running() === 0);
  });

  test("of a range is limited too", async () => {
    using client = await get("large", "Range: bytes=10-400000000\r\n");
    await until("the connection is limited", () => rateOf(client) === CAP);
    client.reset();
    await until("none runs", () => running() === 0);
  });

  test("of several ranges takes its share, and gives it back when its client goes", async () => {
    using one = await get("large");
    await until("the connection is limited", () => rateOf(one) === CAP);
    using other = await get("large", "Range: bytes=0-99999999,200000000-300000000\r\n");
    await until("it has half", () => rateOf(one) === CAP / 2);
    await until("its bytes come", () => other.unread.length > 1000);
    other.reset();
    await until("it has all", () => rateOf(one) === CAP);
    one.reset();
    await until("none runs", () => running() === 0);
  });

  test("of an archive takes its share, and gives it back at its end", async () => {
    using one = await get("large");
    await until("the connection is limited", () => rateOf(one) === CAP);
    const answer = await server.fetch("/api/archive?paths=small");
    await until("it has half", () => rateOf(one) === CAP / 2);
    expect((await answer.bytes()).byteLength).toBeGreaterThan(SMALL);
    await until("it has all", () => rateOf(one) === CAP);
    one.reset();
    await until("none runs", () => running() === 0);
  });

  test("that is cut ends at its client at once", async () => {
    let cut = (): void => {};
    await using host = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch(request, self) {
        cut = () => cutConnection(request, self);
        return new Response(Bun.file(join(server.root, "large")));
      },
    });
    using client = await connect(host.url.origin);
    await client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await until("bytes come", () => client.unread.length > 0);
    client.pause();
    cut();
    client.resume();
    await client.closed;
    expect(client.unread.length).toBeLessThan(LARGE);
  });

  test("that is not sent counts as none: HEAD, 304, 416", async () => {
    const etag = (await server.fetch("/files/small", { method: "HEAD" })).headers.get("etag") ?? "";
    expect((await server.fetch("/files/small", { headers: { "if-none-match": etag } })).status).toBe(304);
    expect((await server.fetch("/files/small", { headers: { range: "bytes=9999999-" } })).status).toBe(416);
    expect((await server.fetch("/api/archive?paths=small", { method: "HEAD" })).status).toBe(200);
    expect(running()).toBe(0);
  });

  test("of an empty file ends at once", async () => {
    await Bun.write(join(server.root, "empty"), "");
    expect((await server.fetch("/files/empty")).headers.get("content-length")).toBe("0");
    await until("none runs", () => running() === 0);
  });

  test("is as slow as its share on a new connection too, whose first bytes the system would not limit", async () => {
    const began = performance.now();
    using client = await get("small");
    await client.answer();
    const seconds = (performance.now() - began) / 1000;
    expect(seconds).toBeGreaterThan((SMALL / CAP) * 0.85);
    expect(seconds).toBeLessThan(patient(2));
    await until("none runs", () => running() === 0);
  });
});

test("the metrics tell the cap and the downloads under it", async () => {
  const metrics = await (await server.fetch("/metrics")).text();
  expect(metrics).toContain(`sluice_cap_bytes_per_second ${CAP}\n`);
  expect(metrics).toContain("sluice_capped_downloads 0\n");
});
