// Many requests on one HTTP/2 connection: each is limited, ended and cleaned up on its own.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import * as h2 from "../../../support/frames.ts";
import { connectHttp2 } from "../../../support/http2.ts";
import { patient } from "../../../support/patience.ts";
import { startServer, type TestServer, until } from "../../../support/server.ts";

const CANCEL = 8;

let server: TestServer;
beforeAll(async () => {
  server = await startServer({
    tls: true,
    maxUploadsPerClient: 5,
    // Clients on this machine have no limit of their own.
    trustedProxy: ["127.0.0.1/32"],
    idleTimeout: 2,
  });
});
afterAll(() => server.stop());

const from = (client: string) => ({ "x-forwarded-for": client });
const uploader = () => server.app.decorator.services.uploader;
const running = (): number => uploader().activeUploads.reports().length;
const temporary = (): string[] => readdirSync(join(server.root, ".sluice/uploads"));

test("an upload that is cancelled leaves nothing, and the others go on", async () => {
  // Clients of Node end a body before they cancel it.
  using client = await h2.connectFrames(server.url);
  for (const [stream, name] of [
    [1, "cancelled.bin"],
    [3, "kept.bin"],
  ] as const) {
    const data = h2.frame(h2.DATA, 0, stream, Buffer.alloc(10_000));
    await client.send(h2.frame(h2.HEADERS, h2.END_HEADERS, stream, h2.head("PUT", `/files/${name}`)), data);
  }
  await until("both run", () => running() === 2);
  await client.send(h2.frame(h2.RST_STREAM, 0, 1, h2.CANCEL));
  await until("one is gone", () => running() === 1);
  await client.send(h2.frame(h2.DATA, h2.END_STREAM, 3, Buffer.alloc(5000)));
  await until("the other is saved", () => existsSync(join(server.root, "kept.bin")));
  await until("nothing is left", () => temporary().length === 0 && uploader().slots.taken === 0);
  expect(existsSync(join(server.root, "cancelled.bin"))).toBe(false);
  expect(Bun.file(join(server.root, "kept.bin")).size).toBe(15_000);
});

test("a connection that is closed leaves nothing of any upload", async () => {
  const client = await connectHttp2(server.url);
  for (let index = 0; index < 40; index += 1)
    client.request("PUT", `/files/closed-${index}`, { ends: false }).stream.write("some bytes");
  await until("all run", () => running() === 40);
  client[Symbol.dispose]();
  await until("none runs", () => running() === 0 && uploader().slots.taken === 0 && temporary().length === 0);
  expect(readdirSync(server.root).filter((name) => name.startsWith("closed"))).toEqual([]);
});

test("--max-uploads-per-client counts requests, not connections", async () => {
  using client = await connectHttp2(server.url);
  const begin = (name: string, address: string) => {
    const upload = client.request("PUT", `/files/${name}`, { headers: from(address), ends: false });
    upload.stream.write("x");
    return upload;
  };
  const taken = Array.from({ length: 5 }, (_, index) => begin(`slot-${index}`, "203.0.113.5"));
  await until("five run", () => running() === 5);
  const refused = begin("slot-5", "203.0.113.5");
  expect(await refused.status).toBe(503);
  const other = begin("slot-6", "203.0.113.6");
  await until("another client is not concerned", () => running() === 6);
  for (const { stream } of [...taken, other]) stream.end("y");
  expect(await Promise.all(taken.map(({ status }) => status))).toEqual([201, 201, 201, 201, 201]);
  expect(await other.status).toBe(201);
});

test("an upload that falls silent is refused, while its connection goes on", async () => {
  using client = await connectHttp2(server.url);
  const silent = client.request("PUT", "/files/silent.bin", { ends: false });
  silent.stream.write("some bytes");
  await until("it runs", () => running() === 1);
  const began = performance.now();
  let answers = 0;
  while (running() > 0 && performance.now() - began < patient(10) * 1000) {
    expect(await client.request("GET", "/health").status).toBe(200);
    answers += 1;
    await Bun.sleep(20);
  }
  expect(await silent.status).toBe(408);
  expect(answers).toBeGreaterThan(5);
  expect(existsSync(join(server.root, "silent.bin"))).toBe(false);
});

test("events and downloads run beside 80 uploads", async () => {
  await Bun.write(join(server.root, "read.bin"), Buffer.alloc(1_000_000, "r"));
  using client = await connectHttp2(server.url);
  const events = client.request("GET", "/api/uploads/events");
  let seen = "";
  events.stream.on("data", (bytes: Buffer) => {
    seen += bytes;
  });
  expect(await events.status).toBe(200);
  const uploads = Array.from({ length: 80 }, (_, index) =>
    client.request("PUT", `/files/beside/${index}`, { body: Buffer.alloc(20_000, `${index % 10}`) }),
  );
  const downloads = Array.from({ length: 10 }, () => client.request("GET", "/files/read.bin").text());
  const statuses = await Promise.all(uploads.map(({ status }) => status));
  expect(statuses.every((status) => status === 201)).toBe(true);
  expect((await Promise.all(downloads)).every((text) => text === "r".repeat(1_000_000))).toBe(true);
  await until("an event of each", () => uploads.every((_, index) => seen.includes(`"beside/${index}"`)));
  events.stream.close(CANCEL);
  await until("nobody watches", () => server.app.decorator.services.events.size === 0);
});

test("HEAD, ranges and several ranges are those of HTTP/1.1", async () => {
  const bytes = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 256));
  await Bun.write(join(server.root, "ranges.bin"), bytes);
  using client = await connectHttp2(server.url);
  const get = (method: string, range?: string) =>
    client.request(method, "/files/ranges.bin", range === undefined ? {} : { headers: { range } });
  const head = get("HEAD");
  expect(await head.headers).toMatchObject({
    ":status": "200",
    "content-length": "1000",
    "accept-ranges": "bytes",
  });
  expect(await head.text()).toBe("");
  const part = await get("GET", "bytes=990-").headers;
  expect(part).toMatchObject({
    ":status": "206",
    "content-range": "bytes 990-999/1000",
    "content-length": "10",
  });
  const several = get("GET", "bytes=0-1,5-6");
  expect((await several.headers)["content-type"]).toStartWith("multipart/byteranges");
  expect((await several.text()).match(/Content-Range/gi)?.length).toBe(2);
  expect(await get("GET", "bytes=1000-").status).toBe(416);
});
