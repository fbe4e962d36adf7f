// GET /api/uploads/events: running uploads as events, sent on changes to many clients, without buffering.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Elysia } from "elysia";
import type { Grant } from "../../../src/config/config.ts";
import type { RunningUpload } from "../../../src/core/report/active-uploads.ts";
import { checkFilePath } from "../../../src/path.ts";
import { requestTiming } from "../../../src/plugins/request-timing.ts";
import { watchUploads } from "../../../src/routes/api/events.ts";
import { Ended, Uploads } from "../../../src/routes/openapi/shapes.ts";
import { bodyIn } from "../../support/answer.ts";
import { problemIn } from "../../support/problem.ts";
import { connect } from "../../support/raw.ts";
import { startServer, type TestServer, until } from "../../support/server.ts";
import { type EventWatch, watchEvents } from "../../support/watch.ts";

const HEAD = "HTTP/1.1\r\nHost: localhost\r\n";

let server: TestServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.stop());

const events = () => server.app.decorator.services.events;
const put = (path: string, body = "hello") => server.fetch(`/files/${path}`, { method: "PUT", body });
/** Starts an upload of ten bytes and sends five of them. */
async function begin(path: string) {
  const connection = await connect(server.url);
  await connection.send(`PUT /files/${path} ${HEAD}Content-Length: 10\r\n\r\nhello`);
  return connection;
}
const endings = ({ received }: EventWatch) => received.flatMap(({ data }) => data.ended ?? []);
const snapshots = ({ received }: EventWatch) =>
  received.flatMap(({ data }) => (data.uploads ? [data.uploads] : []));

describe("events", () => {
  test("are a snapshot, changes and ended uploads, each with its schema and an id", async () => {
    using watching = await watchEvents(server.url);
    expect(Object.fromEntries(watching.answer.headers)).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    await until("the first", () => watching.received.length > 0);
    expect(watching.received.map(({ name, data }) => ({ name, data }))).toEqual([
      { name: "uploads", data: { uploads: [] } },
    ]);
    using upload = await begin("a%0A.bin".replace("%0A", "%E2%80%AE"));
    await until("it arrives", () => watching.received.some(({ data }) => data.uploads?.[0]?.received === 5));
    await upload.send("world");
    await upload.answer();
    await until("its end", () => endings(watching).length > 0);
    await until("an empty list", () => snapshots(watching).at(-1)?.length === 0);
    expect(endings(watching)).toMatchObject([{ path: "a\u202e.bin", outcome: "saved", size: 10 }]);
    for (const { id, name, data } of watching.received) {
      expect(id).toMatch(/^[0-9a-f]{8}-\d+$/);
      await bodyIn(name === "ended" ? Ended : Uploads, { json: async () => data });
    }
  });

  test("include failures with the reason; an interrupted resumable upload ends only when it is deleted", async () => {
    using watching = await watchEvents(server.url);
    using upload = await begin("cut.bin");
    await until("it arrives", () => snapshots(watching).at(-1)?.length === 1);
    upload.reset();
    await until("its end", () => endings(watching).length === 1);
    expect(endings(watching)).toMatchObject([
      { path: "cut.bin", outcome: "failed", size: 5, error: { code: "body_incomplete" } },
    ]);
    const tus = { "tus-resumable": "1.0.0", "content-type": "application/offset+octet-stream" };
    const made = await server.fetch("/uploads?path=later.bin", {
      method: "POST",
      headers: { ...tus, "upload-length": "10" },
      body: "hello",
    });
    expect(made.status).toBe(201);
    await until("it waits", () => snapshots(watching).at(-1)?.[0]?.state === "waiting");
    expect(endings(watching)).toHaveLength(1);
    const url = made.headers.get("location") ?? "";
    await server.fetch(url, { method: "DELETE", headers: tus });
    await until("its end", () => endings(watching).length === 2);
    expect(endings(watching)[1]).toMatchObject({ path: "later.bin", outcome: "forgotten", size: 5 });
    expect(JSON.stringify(watching.received)).not.toContain(url.slice("/uploads/".length));
  });

  test("are not sent without changes", async () => {
    using watching = await watchEvents(server.url);
    await until("the first", () => watching.received.length === 1);
    await Bun.sleep(500);
    expect(watching.received).toHaveLength(1);
  });

  test("are sent at most ten times a second, the same to all clients", async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => watchEvents(server.url)));
    using upload = await begin("a.bin");
    const began = performance.now();
    await until("some", () => snapshots(all[0] ?? expect.unreachable()).length > 6);
    const most = 2 + (performance.now() - began) / 100;
    for (const one of all) expect(one.received.length).toBeLessThanOrEqual(most);
    await upload.send("world");
    await until("its end", () => all.every((one) => endings(one).length === 1));
    for (const one of all) one[Symbol.dispose]();
    await until("no client listens", () => events().size === 0);
  });
});

describe("Last-Event-ID", () => {
  test("returns the uploads that ended in between, once, and then the current snapshot", async () => {
    await put("before");
    let last = "";
    {
      using watching = await watchEvents(server.url);
      await until("the first", () => watching.received.length > 0);
      expect(endings(watching)).toEqual([]);
      last = watching.received.at(-1)?.id ?? "";
    }
    await put("one");
    await put("two");
    using again = await watchEvents(server.url, last);
    await until("the snapshot", () => snapshots(again).length > 0);
    expect(endings(again).map(({ path }) => path)).toEqual(["one", "two"]);
    using between = await watchEvents(server.url, again.received[0]?.id);
    await until("the snapshot", () => snapshots(between).length > 0);
    expect(endings(between).map(({ path }) => path)).toEqual(["two"]);
  });

  test("of an earlier server process, or an invalid one, returns all remembered uploads, which are bounded", async () => {
    const body = new FormData();
    for (let at = 0; at < 300; at += 1) body.append("f", new File(["x"], `f${at}`));
    await server.fetch("/files/", { method: "POST", body });
    for (const last of ["00000000-7", "x", "-", "00000000-99999999999999999999"]) {
      using watching = await watchEvents(server.url, last);
      await until("the snapshot", () => snapshots(watching).length > 0);
      expect(endings(watching)).toHaveLength(256);
      const own = watching.received.at(-1)?.id.split("-")[0];
      using ahead = await watchEvents(server.url, `${own}-999999`);
      await until("the snapshot", () => snapshots(ahead).length > 0);
      expect(ahead.received).toHaveLength(1);
    }
  });
});

describe("bounds", () => {
  test("a hundred clients may listen, the next is refused until one disconnects", async () => {
    const all = await Promise.all(Array.from({ length: 100 }, () => watchEvents(server.url)));
    const refused = await server.fetch("/api/uploads/events");
    expect(refused.headers.get("retry-after")).toBe("10");
    await problemIn(refused, "too_many_listeners");
    for (const one of all) one[Symbol.dispose]();
    await until("no client listens", () => events().size === 0);
    using watching = await watchEvents(server.url);
    expect(watching.answer.status).toBe(200);
  });

  test("HEAD does not count", async () => {
    const answer = await server.fetch("/api/uploads/events", { method: "HEAD" });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    expect(events().size).toBe(0);
  });

  test("a client that reads nothing is disconnected, and others are not affected", async () => {
    const { services } = server.app.decorator;
    // Several megabytes, more than a socket buffers for a client that does not read.
    let received = 0;
    const path = checkFilePath("x".repeat(200));
    const started = new Date(0).toISOString();
    const large: RunningUpload = {
      report: () => ({
        id: "x".repeat(12_000_000),
        path,
        started,
        received,
        saved: 0,
        bytesPerSecond: 0,
        bottleneck: "network",
        state: "receiving",
      }),
      cancel: () => true,
    };
    const short = new Elysia()
      .use(requestTiming(services.log, services.config))
      .use(watchUploads(services, 4))
      .listen({ port: 0, hostname: "127.0.0.1" });
    const url = `http://127.0.0.1:${short.server?.port}`;
    using slow = await connect(url);
    slow.pause();
    await slow.send(`GET /api/uploads/events ${HEAD}\r\n`);
    await until("it watches", () => events().size === 1);
    services.uploader.activeUploads.add(large);
    received = 1;
    using other = await watchEvents(server.url);
    await until("it is cut off", () => events().size === 1, 20);
    services.uploader.activeUploads.remove(large);
    await put("after");
    await until("the other hears", () => endings(other).length === 1, 30);
    slow.resume();
    await slow.closed;
    expect(slow.unread.length).toBeLessThan(12_000_000);
    await short.stop(true);
  }, 60_000);

  test("needs the grant read, as the list does", async () => {
    await using dropbox = await startServer({ allow: new Set<Grant>(["write"]) });
    await problemIn(await dropbox.fetch("/api/uploads/events"), "not_allowed");
  });
});

describe("a server that stops", () => {
  test("ends the streams, and accepts no new clients", async () => {
    using watching = await watchEvents(server.url);
    await until("the first", () => watching.received.length > 0);
    server.app.decorator.services.uploader.drain();
    await watching.ended;
    await problemIn(await server.fetch("/api/uploads/events"), "draining");
  });
});
