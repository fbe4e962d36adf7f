// Limits of every upload route: size, space, number, idle timeout; and readable answers before the body was read.

import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Uploads } from "../../../src/routes/openapi/shapes.ts";
import type { Space } from "../../../src/storage/device.ts";
import { MemoryStorage } from "../../../src/storage/memory/memory.ts";
import { bodyIn } from "../../support/answer.ts";
import { problemIn } from "../../support/problem.ts";
import { connect, type RawConnection } from "../../support/raw.ts";
import { startServer, type TestServer, until } from "../../support/server.ts";

const HEAD = "HTTP/1.1\r\nHost: localhost\r\n";
const chunk = (bytes: number): string => `${bytes.toString(16)}\r\n${"x".repeat(bytes)}\r\n`;

/** Starts a chunked PUT that the test continues. */
async function begin(server: TestServer, path: string, headers = ""): Promise<RawConnection> {
  const connection = await connect(server.url);
  await connection.send(`PUT /files/${path} ${HEAD}Transfer-Encoding: chunked\r\n${headers}\r\n${chunk(3)}`);
  await until(`${path} is arriving`, () =>
    reportsOf(server).some((report) => report.path === path && report.received > 0),
  );
  return connection;
}

const reportsOf = (server: TestServer) => server.app.decorator.services.uploader.activeUploads.reports();

async function leftovers(server: TestServer): Promise<string[]> {
  const names = await readdir(server.root, { recursive: true });
  return names.filter((name) => !/^\.sluice(\/uploads|\/kept|\/lock.*)?$/.test(name));
}

describe("--max-file-size", () => {
  const limited = () => startServer({ maxFileSize: 1000 });

  test("is checked against the announced length, before the first byte of the body", async () => {
    await using server = await limited();
    using connection = await connect(server.url);
    await connection.send(`PUT /files/a ${HEAD}Content-Length: 100000000000\r\n\r\n`);
    const answer = await connection.answer();
    expect((await problemIn(answer, "file_too_large")).detail).toContain("--max-file-size");
    expect(answer.headers.get("connection")).toBe("close");
    await connection.closed;
    expect(await leftovers(server)).toEqual([]);
  });

  test("ends the upload at the first byte over it, while the client continues sending", async () => {
    await using server = await limited();
    using connection = await connect(server.url);
    await connection.send(`PUT /files/a ${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunk(1000)}${chunk(1)}`);
    const answer = await connection.answer();
    await problemIn(answer, "file_too_large");
    expect(answer.headers.get("connection")).toBe("close");
    await connection.closed;
    expect(await leftovers(server)).toEqual([]);
  });

  test("allows a file of exactly this size, announced or not", async () => {
    await using server = await limited();
    const body = "x".repeat(1000);
    expect((await server.fetch("/files/a", { method: "PUT", body })).status).toBe(201);
    using connection = await connect(server.url);
    await connection.send(`PUT /files/b ${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunk(1000)}0\r\n\r\n`);
    expect((await connection.answer()).status).toBe(201);
  });

  test("keeps the connection open if few bytes are left to read", async () => {
    await using server = await limited();
    using connection = await connect(server.url);
    await connection.send(`PUT /files/a ${HEAD}Content-Length: 2000\r\n\r\n${"x".repeat(2000)}`);
    await problemIn(await connection.answer(), "file_too_large");
    await connection.send(`PUT /files/b ${HEAD}Content-Length: 2\r\n\r\nok`);
    expect((await connection.answer()).status).toBe(201);
  });

  test("a client that sends a large body before it reads gets the answer", async () => {
    await using server = await limited();
    const answer = await server.fetch("/files/a", { method: "PUT", body: new Uint8Array(20_000_000) });
    await problemIn(answer, "file_too_large");
  });
});

describe("--keep-free", () => {
  test("is checked against the announced length", async () => {
    await using server = await startServer({ keepFree: 1e18 });
    using connection = await connect(server.url);
    await connection.send(`PUT /files/a ${HEAD}Content-Length: 5000000\r\n\r\n`);
    const { detail } = await problemIn(await connection.answer(), "storage_full");
    expect(detail).toBe(
      "There is not enough disk space for 5 MB: the server keeps 1000PB free (--keep-free).",
    );
    expect(await leftovers(server)).toEqual([]);
  });

  test("ends an upload of unknown length when the space is used up", async () => {
    const disk = new Shrinking();
    await using server = await startServer({ storage: disk, keepFree: 1000 });
    using connection = await begin(server, "a");
    disk.free = 999;
    await connection.send(chunk(60_000));
    await problemIn(await connection.answer(), "storage_full");
    expect(reportsOf(server)).toEqual([]);
    expect([...disk.contents.files]).toEqual([]);
  });

  /** A disk that another program fills. */
  class Shrinking extends MemoryStorage {
    free = 50_000;
    override async space(): Promise<Space> {
      return { free: this.free, total: 50_000 };
    }
  }
});

describe("--max-uploads", () => {
  test("refuses further uploads with Retry-After until one has ended", async () => {
    await using server = await startServer({ maxUploads: 2 });
    using first = await begin(server, "a");
    using second = await begin(server, "b");
    const refused = await server.fetch("/files/c", { method: "PUT", body: "x" });
    expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
    await problemIn(refused, "too_many_uploads");
    const form = new FormData();
    form.append("file", new File(["x"], "x"));
    await problemIn(await server.fetch("/files/", { method: "POST", body: form }), "too_many_uploads");
    expect((await server.fetch("/health")).status).toBe(200);
    await first.send("0\r\n\r\n");
    expect((await first.answer()).status).toBe(201);
    expect((await server.fetch("/files/c", { method: "PUT", body: "x" })).status).toBe(201);
    await second.send("0\r\n\r\n");
    expect((await second.answer()).status).toBe(201);
  });

  test("releases the slot of a client that disconnects", async () => {
    await using server = await startServer({ maxUploads: 1 });
    using connection = await begin(server, "a");
    connection.reset();
    await until("the place is free", () => server.app.decorator.services.uploader.slots.taken === 0);
    expect((await server.fetch("/files/b", { method: "PUT", body: "x" })).status).toBe(201);
    await until("nothing is left", async () => (await leftovers(server)).join() === "b");
  });
});

describe("draining", () => {
  test("refuses new uploads and finishes running ones", async () => {
    await using server = await startServer();
    using connection = await begin(server, "a");
    server.app.decorator.services.uploader.drain();
    const refused = await server.fetch("/files/b", { method: "PUT", body: "x" });
    expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
    await problemIn(refused, "draining");
    await connection.send(`${chunk(4)}0\r\n\r\n`);
    expect(JSON.parse((await connection.answer()).text)).toMatchObject({ size: 7 });
  });
});

describe("--idle-timeout", () => {
  test("a client that stops sending gets 408, and its bytes are discarded", async () => {
    await using server = await startServer({ idleTimeout: 0.2 });
    using connection = await begin(server, "a");
    const answer = await connection.answer();
    await problemIn(answer, "idle_timeout");
    expect(answer.headers.get("connection")).toBe("close");
    await connection.closed;
    expect(await leftovers(server)).toEqual([]);
  });

  test("a client that announced a length and sends nothing gets 408", async () => {
    await using server = await startServer({ idleTimeout: 0.2 });
    using connection = await connect(server.url);
    await connection.send(`PUT /files/a ${HEAD}Content-Length: 10\r\n\r\n`);
    await problemIn(await connection.answer(), "idle_timeout");
  });

  test("a slow body may take much longer, also longer than the timers of the socket", async () => {
    // Bun itself would close a connection slower than 16 KiB/s after its own timeout, here 4 seconds.
    await using server = await startServer({ idleTimeout: 1 });
    using connection = await begin(server, "a");
    const end = performance.now() + 9000;
    let sent = 3;
    while (performance.now() < end) {
      await connection.send(chunk(100));
      sent += 100;
      await Bun.sleep(100);
    }
    await connection.send("0\r\n\r\n");
    expect(JSON.parse((await connection.answer()).text)).toMatchObject({
      size: sent,
      flow: { bottleneck: "network" },
    });
  }, 20_000);

  test("delays of the server do not count", async () => {
    const slow = new MemoryStorage({ delay: (step) => (step === "sync" ? Bun.sleep(700) : undefined) });
    await using server = await startServer({ storage: slow, idleTimeout: 0.2 });
    const answer = await server.fetch("/files/a", { method: "PUT", body: "x" });
    expect(answer.status).toBe(201);
  });
});

describe("a connection that is cut in the middle", () => {
  test.each<[string, string, (connection: RawConnection) => void]>([
    ["FIN", "", (connection) => connection[Symbol.dispose]()],
    ["half-close", "", (connection) => connection.halfClose()],
    ["RST", "", (connection) => connection.reset()],
  ])("by %s leaves nothing, and the server goes on", async (_, headers, end) => {
    await using server = await startServer();
    using connection = await begin(server, "a/b", headers);
    end(connection);
    await until("the upload has ended", () => reportsOf(server).length === 0, 1);
    await until("its bytes are gone", async () => (await leftovers(server)).length === 0, 1);
    expect((await server.fetch("/files/a/b", { method: "PUT", body: "x" })).status).toBe(201);
  });

  test("with a broken chunk gets 400", async () => {
    await using server = await startServer();
    using connection = await begin(server, "a");
    await connection.send("zz\r\n");
    expect((await connection.answer()).status).toBe(400);
    await until("the upload has ended", () => reportsOf(server).length === 0);
    expect(await leftovers(server)).toEqual([]);
  });
});

describe("GET /api/uploads", () => {
  test("lists a running upload under the id of the client", async () => {
    await using server = await startServer();
    using connection = await begin(server, "a.bin", "X-Request-Id: my-upload_1\r\n");
    let uploads: unknown;
    // On a busy machine the processor may briefly be the bottleneck.
    await until("the network is the limit", async () => {
      const answer = await server.fetch("/api/uploads");
      expect(answer.status).toBe(200);
      ({ uploads } = await bodyIn(Uploads, answer));
      return Array.isArray(uploads) && uploads[0]?.bottleneck === "network";
    });
    expect(uploads).toEqual([
      {
        id: "my-upload_1",
        path: "a.bin",
        received: 3,
        saved: expect.any(Number),
        bytesPerSecond: expect.any(Number),
        bottleneck: "network",
        started: expect.stringMatching(/Z$/),
        state: "receiving",
      },
    ]);
    await connection.send("0\r\n\r\n");
    await connection.answer();
    expect((await bodyIn(Uploads, await server.fetch("/api/uploads"))).uploads).toEqual([]);
  });

  test("contains the size if it is known, and a generated id if the client's is invalid", async () => {
    await using server = await startServer();
    using connection = await connect(server.url);
    await connection.send(`PUT /files/a ${HEAD}Content-Length: 10\r\nX-Request-Id: <b>\r\n\r\nhello`);
    await until("it is arriving", () => reportsOf(server).length === 1);
    const [upload] = (await bodyIn(Uploads, await server.fetch("/api/uploads"))).uploads;
    expect(upload).toMatchObject({ size: 10, id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  });

  test("reports the state `saving` after the last byte has arrived", async () => {
    const gate = Promise.withResolvers<void>();
    const storage = new MemoryStorage({ delay: (step) => (step === "sync" ? gate.promise : undefined) });
    await using server = await startServer({ storage });
    const sending = server.fetch("/files/a", { method: "PUT", body: "hello" });
    await until("it is being saved", () => reportsOf(server)[0]?.state === "saving");
    gate.resolve();
    expect((await sending).status).toBe(201);
  });
});

test("the bytes of a slow upload are saved, and reported as saved, before it ends", async () => {
  await using server = await startServer();
  using connection = await begin(server, "slow.bin");
  await connection.send(chunk(2_000_000));
  const saved = async () => (await bodyIn(Uploads, await server.fetch("/api/uploads"))).uploads[0]?.saved;
  await until("all of it is saved", async () => (await saved()) === 2_000_003);
  expect(await readdir(join(server.root, ".sluice/uploads"))).toHaveLength(1);
});
