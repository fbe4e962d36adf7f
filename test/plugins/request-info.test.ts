// Every request has an id, a duration and one log line: in responses, in problems, in the log.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createLog } from "../../src/plugins/log.ts";
import { MemoryStorage } from "../../src/storage/memory/memory.ts";
import { problemIn } from "../support/problem.ts";
import { startServer, type TestServer, until } from "../support/server.ts";

const PAGE = "https://app.example";
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ cors: [PAGE] });
  await server.fetch("/files/d/a.txt", { method: "PUT", body: "hello" });
});
afterAll(() => server.stop());

/** One request for every kind of response: route, file, page, problem, preflight. */
const ANSWERS: readonly [string, string, RequestInit][] = [
  ["health", "/health", {}],
  ["a listing", "/api/entries?folder=d", {}],
  ["a file", "/files/d/a.txt", {}],
  ["a range", "/files/d/a.txt", { headers: { range: "bytes=1-2" } }],
  ["the headers of a file", "/files/d/a.txt", { method: "HEAD" }],
  ["a folder", "/files/d/", {}],
  ["an archive", "/api/archive?folder=d", {}],
  ["the page", "/", {}],
  ["a part of the page", "/app.js", {}],
  ["nothing here", "/nothing", {}],
  ["another method", "/health", { method: "PUT" }],
  ["a broken query", "/api/entries?folder=%ff", {}],
  ["a broken path", "/files/..%2fx", { method: "PUT", body: "x" }],
  ["another origin", "/files/x", { method: "PUT", body: "x", headers: { origin: "https://evil.example" } }],
  ["tus", "/uploads", { method: "OPTIONS" }],
  ["an upload", "/files/up.txt", { method: "PUT", body: "x" }],
];

describe.each(ANSWERS)("%s", (_, path, init) => {
  test("has the id of the client", async () => {
    const headers = { ...init.headers, "x-request-id": "mine-1.2_3" };
    const answer = await server.fetch(path, { ...init, headers });
    await answer.arrayBuffer();
    expect(answer.headers.get("x-request-id")).toBe("mine-1.2_3");
  });

  test("has a generated id by default", async () => {
    const ids = await Promise.all(
      [1, 2].map(async () => (await server.fetch(path, init)).headers.get("x-request-id") ?? ""),
    );
    expect(ids[0]).toMatch(UUID);
    expect(ids[1]).not.toBe(ids[0] ?? "");
  });

  test("states the duration", async () => {
    const answer = await server.fetch(path, init);
    expect(answer.headers.get("server-timing")).toMatch(/^(?:[a-z]+;dur=\d+\.\d, )*total;dur=\d+\.\d$/);
  });
});

test("known parts of the duration are named", async () => {
  const timing = async (path: string) => (await server.fetch(path)).headers.get("server-timing");
  expect(await timing("/api/entries")).toStartWith("listing;dur=");
  expect(await timing("/api/archive?folder=d")).toStartWith("looking;dur=");
});

test.each(["", "a b", "x".repeat(65), "ü", '"', "a,b", "../x", "<b>", "a%0ab"])(
  "an id that is not one is replaced: %j",
  async (id) => {
    const answer = await server.fetch("/health", { headers: { "x-request-id": encodeURI(id) } });
    const got = answer.headers.get("x-request-id");
    if (/^[A-Za-z0-9._-]{1,64}$/.test(encodeURI(id))) expect(got).toBe(encodeURI(id));
    else expect(got).toMatch(UUID);
  },
);

test("a problem contains the request id", async () => {
  const answer = await server.fetch("/nothing", { headers: { "x-request-id": "find-me" } });
  expect((await problemIn(answer, "not_found")).instance).toBe("urn:sluice:request:find-me");
});

test("only pages of allowed origins may read the durations", async () => {
  const ask = async (headers: Record<string, string>) => (await server.fetch("/health", { headers })).headers;
  expect((await ask({ origin: PAGE })).get("timing-allow-origin")).toBe(PAGE);
  expect((await ask({ origin: PAGE })).get("access-control-expose-headers")).toContain("X-Request-Id");
  expect((await ask({ origin: "https://evil.example" })).get("timing-allow-origin")).toBeNull();
  expect((await ask({})).get("timing-allow-origin")).toBeNull();
});

describe("lines", () => {
  test("debug: exactly one for every request, whatever its answer", async () => {
    await using talking = await startServer({ logLevel: "debug", cors: [PAGE] });
    await talking.fetch("/files/d/a.txt", { method: "PUT", body: "hello" });
    for (const [index, [, path, init]] of ANSWERS.entries()) {
      const id = `request-${index}`;
      const answer = await talking.fetch(path, { ...init, headers: { ...init.headers, "x-request-id": id } });
      await answer.arrayBuffer();
      const lines = () => talking.log.filter((line) => line.endsWith(` · by 127.0.0.1 · ${id}`));
      await until(`a line for ${path}`, () => lines().length > 0);
      expect(lines()).toHaveLength(1);
    }
    expect(talking.log).toHaveLength(ANSWERS.length + 1);
    expect(talking.log.filter((line) => line.includes(" GET /health · 200 · in "))).toHaveLength(1);
  });

  test("info: none for requests that only read", async () => {
    await using calm = await startServer();
    for (const path of ["/health", "/", "/app.js", "/api/entries", "/nothing"]) await calm.fetch(path);
    expect(calm.log).toEqual([]);
  });

  test("warn and error: neither saved files nor errors of clients", async () => {
    for (const logLevel of ["warn", "error"] as const) {
      await using silent = await startServer({ logLevel });
      await silent.fetch("/files/a", { method: "PUT", body: "x" });
      await silent.fetch("/files/..%2fa", { method: "PUT", body: "x" });
      await silent.fetch("/files/a", { method: "DELETE" });
      expect(silent.log).toEqual([]);
    }
  });

  test("a temporary refusal is a warning", async () => {
    await using busy = await startServer({ logLevel: "warn" });
    busy.app.decorator.services.uploader.drain();
    await busy.fetch("/files/a", { method: "PUT", body: "x" });
    expect(busy.log).toEqual([expect.stringContaining(" 503 draining · PUT /files/a · ")]);
    await using failing = await startServer({ logLevel: "error" });
    failing.app.decorator.services.uploader.drain();
    await failing.fetch("/files/a", { method: "PUT", body: "x" });
    expect(failing.log).toEqual([]);
  });

  test("contain neither query nor headers nor line breaks", async () => {
    await using talking = await startServer({ logLevel: "debug" });
    const headers = { authorization: "Bearer sesame-1", cookie: "a=sesame-2" };
    await talking.fetch("/files/a%0Ab%1b%5B31m?token=sesame-3", { headers });
    await talking.fetch("/api/entries?token=sesame-4", { headers });
    expect(talking.log).toHaveLength(2);
    expect(talking.log.join("\n")).not.toContain("sesame");
    expect(talking.log.join("")).not.toMatch(/[\u0000-\u001f]/);
  });

  test("a slow request states where the time went", async () => {
    class Slow extends MemoryStorage {
      override async page(...given: Parameters<MemoryStorage["page"]>) {
        await Bun.sleep(1050);
        return await super.page(...given);
      }
    }
    const lines: string[] = [];
    const logger = createLog("text", (line) => lines.push(line), "warn");
    await using slow = await startServer({ storage: new Slow(), logger });
    await slow.fetch("/api/entries", { headers: { "x-request-id": "slow" } });
    expect(lines).toEqual([
      expect.stringMatching(
        / slow GET \/api\/entries · 200 · in 1(?:\.\d)? s, 1(?:\.\d)? s of them listing, \d+ ms all else · by 127\.0\.0\.1 · slow$/,
      ),
    ]);
  });
});
