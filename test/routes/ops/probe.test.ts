// /api/probe: what arrives is told, nothing stays, and everything is bounded.

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

describe("sent", () => {
  test.each(["PUT", "POST", "PATCH", "DELETE"])("%s: bytes are counted and dropped", async (method) => {
    const answer = await server.fetch("/api/probe", { method, body: new Uint8Array(3_000_000) });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("etag")).toBe('"probe"');
    expect(answer.headers.get("location")).toBe("/api/probe");
    expect(await bodyIn(Probe, answer)).toMatchObject({ method, received: 3_000_000 });
    expect(files()).toEqual([]);
  });

  test("the first and the last byte have their times", async () => {
    using connection = await connect(server.url);
    await connection.send("PUT /api/probe HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc");
    await Bun.sleep(1000);
    await connection.send("def");
    const { firstByte, lastByte, received } = JSON.parse((await connection.answer()).text);
    expect(received).toBe(6);
    expect(lastByte - firstByte).toBeGreaterThan(0.2);
  });

  test("nothing at all is told as nothing", async () => {
    const answer = await server.fetch("/api/probe", { method: "PUT" });
    const said = await bodyIn(Probe, answer);
    expect(said.received).toBe(0);
    expect(said.firstByte).toBeUndefined();
  });

  test("headers that matter are told back, and no other", async () => {
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

  test("announce: answered before a byte is sent, whatever the length", async () => {
    using connection = await connect(server.url);
    await connection.send(
      "PUT /api/probe?announce=true HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999\r\n\r\n",
    );
    const { status, text } = await connection.answer();
    expect({ status, received: JSON.parse(text).received }).toEqual({ status: 200, received: 0 });
  });

  test("save: the disk is measured, and the file never has a name", async () => {
    const answer = await server.fetch("/api/probe?save=true", {
      method: "PUT",
      body: new Uint8Array(3_000_000),
    });
    const { flow } = await bodyIn(Probe, answer);
    expect(flow?.bytes).toBe(3_000_000);
    expect(files()).toEqual([]);
    expect(await (await server.fetch("/api/uploads")).json()).toEqual({ uploads: [] });
  });

  test("save keeps --keep-free, and without it nothing is asked of the disk", async () => {
    await using full = await startServer({ keepFree: 2 ** 50 });
    await problemIn(await full.fetch("/api/probe?save=true", { method: "PUT", body: "x" }), "storage_full");
    expect((await full.fetch("/api/probe", { method: "PUT", body: "x" })).status).toBe(200);
  });

  test("wait: the answer comes later", async () => {
    const began = performance.now();
    await server.fetch("/api/probe?wait=1", { method: "PUT", body: "x" });
    expect(performance.now() - began).toBeGreaterThan(900);
  });
});

describe("bounds", () => {
  test("more than 1 GiB is refused before it is sent", async () => {
    using connection = await connect(server.url);
    await connection.send(`PUT /api/probe HTTP/1.1\r\nHost: x\r\nContent-Length: ${2 ** 30 + 1}\r\n\r\n`);
    await problemIn(await connection.answer(), "probe_too_large");
    await problemIn(await server.fetch(`/api/probe?bytes=${2 ** 30 + 1}`), "invalid_request");
    await problemIn(await server.fetch("/api/probe?wait=31", { method: "PUT" }), "invalid_request");
  });

  test("sixteen at once, whatever they do, and their places are given back", async () => {
    const connections = await Promise.all(Array.from({ length: 16 }, () => connect(server.url)));
    for (const connection of connections)
      await connection.send("PUT /api/probe HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na");
    await until("all places taken", async () => (await server.fetch("/api/probe?bytes=1")).status === 503);
    const refused = await server.fetch("/api/probe", { method: "PUT", body: "x" });
    expect(refused.headers.get("retry-after")).toBe("5");
    await problemIn(refused, "too_many_probes");
    for (const connection of connections) connection.reset();
    await until("a place is free", async () => (await server.fetch("/api/probe?bytes=1")).status === 200);
  });

  test("a client that stops reading gives its place back when it goes", async () => {
    const connections = await Promise.all(Array.from({ length: 16 }, () => connect(server.url)));
    for (const connection of connections) {
      connection.pause();
      await connection.send(`GET /api/probe?bytes=${2 ** 30} HTTP/1.1\r\nHost: x\r\n\r\n`);
    }
    await until("all places taken", async () => (await server.fetch("/api/probe?bytes=1")).status === 503);
    for (const connection of connections) connection.reset();
    await until("a place is free", async () => (await server.fetch("/api/probe?bytes=1")).status === 200);
  });

  test("who reads too slowly is cut off, and loses the place", async () => {
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

  test("bodies are no uploads: nothing is left when they break off", async () => {
    using connection = await connect(server.url);
    await connection.send("PUT /api/probe?save=true HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc");
    await until("it has begun", () => server.app.decorator.services.uploader.slots.taken === 1);
    connection.reset();
    await server.app.decorator.services.uploader.slots.idle();
    expect(files()).toEqual([]);
  });
});

describe("got", () => {
  test.each([0, 1, 1000, 262_145, 3_000_000])("%d bytes", async (count) => {
    const answer = await server.fetch(`/api/probe?bytes=${count}`);
    expect(answer.status).toBe(200);
    expect((await answer.arrayBuffer()).byteLength).toBe(count);
  });

  test("random ones cannot be made smaller, zeros can", async () => {
    const sizes = ["random", "zero"].map(async (content) => {
      const answer = await server.fetch(`/api/probe?bytes=100000&content=${content}`);
      return Bun.gzipSync(await answer.arrayBuffer()).length;
    });
    const [random = 0, zero = 0] = await Promise.all(sizes);
    expect(random).toBeGreaterThan(99_000);
    expect(zero).toBeLessThan(1000);
  });

  test("a range is that part of the whole", async () => {
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
