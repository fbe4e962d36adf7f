// Slow clients: the server waits for slow transfers, disconnects silent clients, and does not delay others.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { truncate, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { patient } from "../support/patience.ts";
import { problemIn } from "../support/problem.ts";
import type { RawConnection } from "../support/raw.ts";
import { until } from "../support/server.ts";
import { skipped } from "../support/switches.ts";
import { CHUNKED, chunk, FORM, filePart, head, LAST_CHUNK } from "./requests.ts";
import { startTarget, type Target } from "./target.ts";

setDefaultTimeout(patient(60_000));

/** `--idle-timeout` in seconds. */
const IDLE = 2;
/** Seconds after which Bun, whose timers have a resolution of four seconds, has closed a silent connection. */
const CUT = 20;

let server: Target;
beforeAll(async () => {
  server = await startTarget({ flags: ["--idle-timeout", `${IDLE}s`] });
});
afterAll(async () => {
  await using target = server;
  await target.expectUnharmed();
});

/** Checks that the connection is closed within this many seconds. */
async function expectClosed(connection: RawConnection, seconds: number): Promise<void> {
  const late = Bun.sleep(seconds * 1000).then(() => "open");
  expect(await Promise.race([connection.closed.then(() => "closed"), late])).toBe("closed");
}

/** Repeatedly sends a few bytes until the connection is closed or the time is over. @returns how often */
async function drip(
  connection: RawConnection,
  bytes: string,
  seconds: number,
  pause: number,
): Promise<number> {
  let ended = false;
  void connection.closed.then(() => {
    ended = true;
  });
  let count = 0;
  for (const end = performance.now() + seconds * 1000; performance.now() < end && !ended; count += 1) {
    await connection.send(bytes);
    await Bun.sleep(pause);
  }
  return count;
}

describe("incomplete headers", () => {
  test.concurrent.each([
    ["nothing at all", ""],
    ["half a request line", "PUT /files/a"],
    ["half the headers", "PUT /files/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"],
  ])("%s: the connection is closed", async (_, bytes) => {
    using connection = await server.raw(bytes);
    await expectClosed(connection, CUT);
  });

  test.concurrent("an occasional byte does not keep the connection open", async () => {
    using connection = await server.raw("PUT /files/a HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
    void drip(connection, "x", CUT, 200).catch(() => {
      // Closed while the client was sending.
    });
    await expectClosed(connection, CUT);
  });
});

describe("a body that stops", () => {
  test.concurrent.each([
    ["before its first byte", head("PUT", "/files/silent-1", "Content-Length: 10")],
    ["in the middle", `${head("PUT", "/files/silent-2", "Content-Length: 10")}hello`],
    ["before its first chunk", head("PUT", "/files/silent-3", CHUNKED)],
    ["in a chunk", `${head("PUT", "/files/silent-4", CHUNKED)}ff\r\nhello`],
    ["between two chunks", `${head("PUT", "/files/silent-5", CHUNKED)}${chunk("hello")}`],
    ["in a POST of one file", `${head("POST", "/files/?name=silent-6", "Content-Length: 10")}hello`],
    ["in a form before its first part", head("POST", "/files/", FORM, "Content-Length: 100")],
    [
      "in the first file of a form",
      head("POST", "/files/", FORM, CHUNKED) + chunk(filePart("silent-7", "hello")),
    ],
    [
      "in the headers of a form's part",
      head("POST", "/files/", FORM, CHUNKED) + chunk("--a-boundary\r\nConten"),
    ],
  ])("%s is answered, and leaves nothing", async (_, request) => {
    using connection = await server.raw(request);
    const answer = await connection.answer();
    await problemIn(answer, "idle_timeout");
    expect(answer.headers.get("connection")).toBe("close");
    await expectClosed(connection, 1);
    expect((await server.files()).filter((name) => name.startsWith("silent"))).toEqual([]);
  });

  test.concurrent("in the second file of a form: the first is saved, and both are reported", async () => {
    const files = filePart("saved", "hello") + filePart("silent-8", "hello");
    using connection = await server.raw(head("POST", "/files/", FORM, CHUNKED) + chunk(files));
    const answer = await connection.answer();
    expect(answer.status).toBe(207);
    expect(JSON.parse(answer.text)).toMatchObject({
      files: [{ path: "saved" }],
      errors: [{ code: "idle_timeout", file: "silent-8" }],
    });
    await expectClosed(connection, 1);
  });
});

describe("a body of a few bytes a second is saved, however long it takes", () => {
  test.concurrent.each([
    ["with a length", 100],
    ["with a length", 1000],
    ["in chunks", 1000],
  ])("%s, one byte every %d ms", async (framing, pause) => {
    const bytes = Math.round(22_000 / pause);
    const name = `${framing.replaceAll(" ", "-")}-${pause}`;
    const header = framing === "in chunks" ? CHUNKED : `Content-Length: ${bytes}`;
    using connection = await server.raw(head("PUT", `/files/${name}`, header));
    for (let sent = 0; sent < bytes; sent += 1) {
      await Bun.sleep(pause);
      await connection.send(framing === "in chunks" ? chunk("x") : "x");
    }
    if (framing === "in chunks") await connection.send(LAST_CHUNK);
    expect(JSON.parse((await connection.answer()).text)).toMatchObject({
      size: bytes,
      flow: { bottleneck: "network" },
    });
  });
});

test.concurrent("a client that never reads its download is disconnected", async () => {
  await using own = await startTarget({ flags: ["--idle-timeout", "1s"] });
  const file = own.in("never-read");
  await writeFile(file, "");
  await truncate(file, 200_000_000);
  const socket = createConnection({ port: Number(new URL(own.url).port), host: "127.0.0.1" });
  socket.pause();
  socket.on("error", () => {
    // The connection is closed.
  });
  const isOpen = async (): Promise<boolean> => (await own.descriptors()).includes(file);
  socket.write(head("GET", "/files/never-read"));
  await until("the file is being sent", isOpen);
  await until("it is closed again", async () => !(await isOpen()), CUT);
  socket.destroy();
});

test.concurrent("a slow reader receives the whole file", async () => {
  const file = server.in("slow");
  await writeFile(file, "");
  await truncate(file, 40_000_000);
  const options = ["-sS", "--limit-rate", "2M", "-o", "-", `${server.url}/files/slow`];
  const curl = Bun.spawn(["curl", ...options], { stderr: "pipe" });
  const [bytes, complaint] = await Promise.all([curl.stdout.bytes(), curl.stderr.text()]);
  expect(complaint).toBe("");
  expect(bytes.byteLength).toBe(40_000_000);
});

const enough = await descriptorsAllowed();
if (enough < 6000)
  skipped("5,000 connections", `they need more than ${enough} descriptors`, "ulimit -n 10000");

test.skipIf(enough < 6000)("5,000 silent connections do not delay other requests", async () => {
  await using own = await startTarget();
  const connections: RawConnection[] = [];
  try {
    while (connections.length < 5000)
      connections.push(...(await Promise.all(Array.from({ length: 100 }, () => own.raw()))));
    await until("all of them are there", async () => (await own.descriptors()).length > 5000);
    for (let round = 0; round < 20; round += 1) {
      const answer = await own.fetch("/health", { signal: AbortSignal.timeout(patient(1000)) });
      expect(answer.status).toBe(200);
    }
    expect((await own.fetch("/files/a", { method: "PUT", body: "hello" })).status).toBe(201);
  } finally {
    for (const connection of connections) connection.reset();
  }
  await until("all of them are gone", async () => (await own.descriptors()).length < 100);
  await own.expectUnharmed();
});

/** The limit of open descriptors of this process and its children. */
async function descriptorsAllowed(): Promise<number> {
  const limits = await Bun.file("/proc/self/limits").text();
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 0);
}

test("64 slow and 2 fast uploads do not delay other requests", async () => {
  await using own = await startTarget();
  const slow = await Promise.all(
    Array.from({ length: 64 }, (_, index) => own.raw(head("PUT", `/files/slow-${index}`, CHUNKED))),
  );
  const MB = "x".repeat(1_000_000);
  let fastOnes = 2;
  const fast = async (name: string): Promise<void> => {
    using connection = await own.raw(head("PUT", `/files/${name}`, "Content-Length: 150000000"));
    for (let sent = 0; sent < 150; sent += 1) await connection.send(MB);
    expect((await connection.answer()).status).toBe(201);
    fastOnes -= 1;
  };
  const sending = Promise.all([fast("fast-1"), fast("fast-2")]);
  do {
    for (const connection of slow) await connection.send(chunk("x".repeat(100)));
    const answer = await own.fetch("/health", { signal: AbortSignal.timeout(patient(2000)) });
    expect(answer.status).toBe(200);
  } while (fastOnes > 0);
  await sending;
  for (const connection of slow) {
    await connection.send(LAST_CHUNK);
    expect((await connection.answer()).status).toBe(201);
    connection[Symbol.dispose]();
  }
  expect(await own.files()).toHaveLength(66);
  await own.expectUnharmed();
});
