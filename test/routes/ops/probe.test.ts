// /api/probe: reports the received bytes, leaves nothing behind, and is bounded.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { Probe } from "../../../src/routes/openapi/shapes.ts";
import { probeBytes } from "../../../src/routes/ops/probe-bytes.ts";
import { bodyIn } from "../../support/answer.ts";
import { problemIn } from "../../support/problem.ts";
import { connect } from "../../support/raw.ts";
import { startServer, type TestServer, until } from "../../support/server.ts";

let server: TestServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.stop());

const files = (): string[] =>
  readdirSync(server.root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== "lock")
    .map(({ name }) => name);

describe("a sent body", () => {
  test.each(["PUT", "POST", "PATCH", "DELETE"])("is counted and discarded with %s", async (method) => {
    const answer = await server.fetch("/api/probe", { method, body: new Uint8Array(3_000_000) });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("etag")).toBe('"probe"');
    expect(answer.headers.get("location")).toBe("/api/probe");
    expect(await bodyIn(Probe, answer)).toMatchObject({ method, received: 3_000_000 });
    expect(files()).toEqual([]);
  });

  test("has the times of its first and last byte", async () => {
    using connection = await connect(server.url);
    await connection.send("PUT /api/probe HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\nabc");
    await Bun.sleep(1000);
    await connection.send("def");
    const { firstByte, lastByte, received } = JSON.parse((await connection.answer()).text);
    expect(received).toBe(6);
    expect(lastByte - firstByte).toBeGreaterThan(0.2);
  });

  test("may be empty", async () => {
    const answer = await server.fetch("/api/probe", { method: "PUT" });
    const said = await bodyIn(Probe, answer);
    expect(said.received).toBe(0);
    expect(said.firstByte).toBeUndefined();
  });

  test("is answered with the relevant request headers, and no others", async () => {
    const headers = {
      "Upload-Offset": "5",
      "If-Match": '"a"',
      Authorization: "Basic c2VjcmV0",
      "X-Secret": "s",
    };
    const said = await bodyIn(
      Probe,
      await server.fetch("/api/probe", { method: "PATCH", headers, body: "x" }),
    );
    expect(said.headers).toMatchObject({ "upload-offset": "5", "if-match": '"a"' });
    expect(JSON.stringify(said)).not.toContain("c2VjcmV0");
    expect(said.headers["x-secret"]).toBeUndefined();
  });

  test("is not read with announce, whatever its length", async () => {
    using connection = await connect(server.url);
    await connection.send(
      "PUT /api/probe?announce=true HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999\r\n\r\n",
    );
    const { status, text } = await connection.answer();
    expect({ status, received: JSON.parse(text).received }).toEqual({ status: 200, received: 0 });
  });

  test("is written to an unnamed file with save, and the disk is measured", async () => {
    const answer = await server.fetch("/api/probe?save=true", {
      method: "PUT",
      body: new Uint8Array(3_000_000),
    });
    const { flow } = await bodyIn(Probe, answer);
    expect(flow?.bytes).toBe(3_000_000);
    expect(files()).toEqual([]);
    expect(await (await server.fetch("/api/uploads")).json()).toEqual({ uploads: [] });
  });

  test("respects --keep-free with save, and does not access the disk without it", async () => {
    await using full = await startServer({ keepFree: 2 ** 50 });
    await problemIn(await full.fetch("/api/probe?save=true", { method: "PUT", body: "x" }), "storage_full");
    expect((await full.fetch("/api/probe", { method: "PUT", body: "x" })).status).toBe(200);
  });

  test("is answered later with wait", async () => {
    const began = performance.now();
    await server.fetch("/api/probe?wait=1", { method: "PUT", body: "x" });
    expect(performance.now() - began).toBeGreaterThan(900);
  });
});

describe("limits", () => {
  test("more than 1 GiB is refused before it is read", async () => {
    using connection = await connect(server.url);
    await connection.send(
      `PUT /api/probe HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${2 ** 30 + 1}\r\n\r\n`,
    );
    await problemIn(await connection.answer(), "probe_too_large");
    await problemIn(await server.fetch(`/api/probe?bytes=${2 ** 30 + 1}`), "invalid_request");
    await problemIn(await server.fetch("/api/probe?wait=31", { method: "PUT" }), "invalid_request");
  });

  test("sixteen concurrent probes are allowed, and the next when one has ended", async () => {
    const connections = await Promise.all(Array.from({ length: 16 }, () => connect(server.url)));
    for (const connection of connections)
      await connection.send("PUT /api/probe HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\na");
    await until(
      "the limit is reached",
      async () => (await server.fetch("/api/probe?bytes=1")).status === 503,
    );
    const refused = await server.fetch("/api/probe", { method: "PUT", body: "x" });
    expect(refused.headers.get("retry-after")).toBe("5");
    await problemIn(refused, "too_many_probes");
    for (const connection of connections) connection.reset();
    await until(
      "another probe is allowed",
      async () => (await server.fetch("/api/probe?bytes=1")).status === 200,
    );
  });

  test("a client that stops reading counts until it disconnects", async () => {
    const connections = await Promise.all(Array.from({ length: 16 }, () => connect(server.url)));
    for (const connection of connections) {
      connection.pause();
      await connection.send(`GET /api/probe?bytes=${2 ** 30} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    }
    await until(
      "the limit is reached",
      async () => (await server.fetch("/api/probe?bytes=1")).status === 503,
    );
    for (const connection of connections) connection.reset();
    await until(
      "another probe is allowed",
      async () => (await server.fetch("/api/probe?bytes=1")).status === 200,
    );
  });

  test("a client that reads too slowly is disconnected", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wanted = { bytes: 2 ** 30, zero: true, longest: 0.05, ended: resolve };
    const reader = probeBytes(new Request("http://x/"), wanted).body?.getReader();
    expect((await reader?.read())?.value?.length).toBeGreaterThan(0);
    await promise;
    const rest = async () => {
      while (!(await reader?.read())?.done);
    };
    await expect(rest()).rejects.toThrow("The probe took too long.");
  });

  test("a body that is cut off leaves nothing", async () => {
    using connection = await connect(server.url);
    await connection.send(
      "PUT /api/probe?save=true HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc",
    );
    await until("it has begun", () => server.app.decorator.services.uploader.slots.taken === 1);
    connection.reset();
    await server.app.decorator.services.uploader.slots.idle();
    expect(files()).toEqual([]);
  });
});

describe("a downloaded body", () => {
  test.each([0, 1, 1000, 262_145, 3_000_000])("has %d bytes", async (count) => {
    const answer = await server.fetch(`/api/probe?bytes=${count}`);
    expect(answer.status).toBe(200);
    expect((await answer.arrayBuffer()).byteLength).toBe(count);
  });

  test("of random bytes cannot be compressed, one of zeros can", async () => {
    const sizes = ["random", "zero"].map(async (content) => {
      const answer = await server.fetch(`/api/probe?bytes=100000&content=${content}`);
      return Bun.gzipSync(await answer.arrayBuffer()).length;
    });
    const [random = 0, zero = 0] = await Promise.all(sizes);
    expect(random).toBeGreaterThan(99_000);
    expect(zero).toBeLessThan(1000);
  });

  test("can be requested in ranges", async () => {
    const whole = Buffer.from(await (await server.fetch("/api/probe?bytes=600000")).arrayBuffer());
    const ask = (range: string, more = {}) =>
      server.fetch("/api/probe?bytes=600000", { headers: { Range: range, ...more } });
    const part = await ask("bytes=262000-525000");
    expect({ status: part.status, range: part.headers.get("content-range") }).toEqual({
      status: 206,
      range: "bytes 262000-525000/600000",
    });
    expect(Buffer.from(await part.arrayBuffer()).equals(whole.subarray(262_000, 525_001))).toBe(true);
    expect((await (await ask("bytes=599999-")).arrayBuffer()).byteLength).toBe(1);
    expect((await ask("bytes=0-9", { "If-Range": '"other"' })).status).toBe(200);
    await problemIn(await ask("bytes=600000-"), "range_not_satisfiable");
  });
});
