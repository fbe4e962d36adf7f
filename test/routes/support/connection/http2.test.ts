// Connections of HTTP/2, which carry many requests at once: caps, revoking, and early ends.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { Connection } from "../../../../src/system/pacing.ts";
import { connectHttp2, type Http2Connection } from "../../../support/http2.ts";
import { type LinkServer, startLinkServer } from "../../../support/links.ts";
import { startServer, type TestServer, until } from "../../../support/server.ts";
import { skipped } from "../../../support/switches.ts";

const skip =
  process.platform !== "linux" &&
  skipped("downloads under a cap over HTTP/2", "only Linux limits connections", "run it there");

const CAP = 6e6;
const SMALL = 1_200_000;

function localPort({ session }: Http2Connection): number {
  return session.socket.localPort ?? expect.unreachable();
}

describe.skipIf(skip)("downloads under a cap, on one connection", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ cap: CAP, tls: true });
    await Bun.write(join(server.root, "small"), Buffer.alloc(SMALL, "x"));
    await Bun.write(join(server.root, "large"), "");
    truncateSync(join(server.root, "large"), 600_000_000);
  });
  afterAll(() => server.stop());

  const rateOf = (client: Http2Connection): number | undefined => {
    const local = { address: "127.0.0.1", port: server.app.server?.port ?? 0 };
    return Connection.find(local, { address: "127.0.0.1", port: localPort(client) })?.rate;
  };
  const running = (): number => server.app.decorator.services.caps.downloads;

  test("share it with those of other connections, whatever ends first", async () => {
    using client = await connectHttp2(server.url);
    using other = await connectHttp2(server.url);
    const requests = [1, 2].map(() => client.request("GET", "/files/large"));
    const alone = other.request("GET", "/files/large");
    for (const { stream } of [...requests, alone]) stream.resume();
    await until("two of three shares", () => rateOf(client) === (2 * CAP) / 3 && rateOf(other) === CAP / 3);
    requests[0]?.stream.close();
    await until("a half each", () => rateOf(client) === CAP / 2 && rateOf(other) === CAP / 2);
    alone.stream.close();
    await until("all of it", () => rateOf(client) === CAP);
    requests[1]?.stream.close();
    await until("no limit", () => rateOf(client) === undefined && running() === 0);
  });

  test("take as long as the cap says, together", async () => {
    using client = await connectHttp2(server.url);
    const began = performance.now();
    const texts = await Promise.all([1, 2, 3].map(() => client.request("GET", "/files/small").text()));
    expect(texts.map(({ length }) => length)).toEqual([SMALL, SMALL, SMALL]);
    expect((performance.now() - began) / 1000).toBeGreaterThan((0.8 * 3 * SMALL) / CAP);
    await until("no limit", () => rateOf(client) === undefined && running() === 0);
    expect(await client.request("GET", "/health").status).toBe(200);
  });
});

describe("revoking", () => {
  let server: LinkServer;
  beforeAll(async () => {
    server = await startLinkServer({ tls: true });
    await Bun.write(join(server.root, "home/large.bin"), new Uint8Array(64_000_000));
  });
  afterAll(() => server.stop());

  test("ends the download, while the other requests of its connection go on", async () => {
    const { id, url } = await server.link("home/large.bin", { rate: 4_000_000 });
    using client = await connectHttp2(server.url);
    const headers = { authorization: `Bearer ${server.anna}` };
    const upload = client.request("PUT", "/files/home/beside.bin", { headers, ends: false });
    upload.stream.write(Buffer.alloc(1000));
    const download = client.request("GET", `${url}/files/large.bin`);
    expect(await download.status).toBe(200);
    const removal = client.request("DELETE", `/api/links/${id}`, {
      headers,
    });
    expect(await removal.status).toBe(204);
    expect((await download.text()).length).toBeLessThan(64_000_000);
    await until("the log says so", () =>
      server.log.some((line) => /revoked.*large\.bin|large\.bin.*revoked/.test(line)),
    );
    upload.stream.end(Buffer.alloc(500));
    expect(await upload.status).toBe(201);
    expect(Bun.file(join(server.root, "home/beside.bin")).size).toBe(1500);
  });
});
