// GET /api/search and GET /api/usage over HTTP.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { SearchResult, Usage } from "../../../src/routes/openapi/shapes.ts";
import { Skipped } from "../../../src/storage/listing/skipped.ts";
import { MemoryStorage } from "../../../src/storage/memory/memory.ts";
import { put } from "../../storage/driving.ts";
import { bodyIn } from "../../support/answer.ts";
import { problemIn } from "../../support/problem.ts";
import { startServer, type TestServer, until } from "../../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  for (const path of ["a/Ägypten 2.txt", "a/Ägypten 10.txt", "a/b/ägypten/x", ".hidden/agypten"])
    await Bun.write(join(server.root, path), "x".repeat(5));
  await symlink("a", join(server.root, "agypten link"));
  await symlink("..", join(server.root, "a", "up"));
});
afterAll(() => server.stop());

const search = (query: string, headers: Record<string, string> = {}) =>
  server.fetch(`/api/search?${query}`, { headers });
const FOUND = ["a/Ägypten 2.txt", "a/Ägypten 10.txt", "a/b/ägypten", "agypten link"];

test("a JSON answer lists entries in tree order, and links by name without following them", async () => {
  const { entries, ...end } = await bodyIn(SearchResult, await search("query=AGYPTEN"));
  expect(end).toEqual({ complete: true, reason: null });
  expect(entries.map(({ path }) => path).toSorted()).toEqual(FOUND.toSorted());
  expect(entries.find(({ name }) => name === "Ägypten 2.txt")).toEqual({
    path: "a/Ägypten 2.txt",
    name: "Ägypten 2.txt",
    kind: "file",
    size: 5,
    modified: expect.stringMatching(/Z$/),
    url: "/files/a/%C3%84gypten%202.txt",
    etag: expect.stringMatching(/^"/),
  });
  expect(entries.every((entry) => !("link" in entry))).toBe(true);
});

test("limit, kind, folder and hidden restrict the search", async () => {
  const limited = await bodyIn(SearchResult, await search("query=agypten&limit=1"));
  expect([limited.entries.length, limited.complete, limited.reason]).toEqual([1, false, "limit"]);
  const folders = await bodyIn(SearchResult, await search("query=agypten&kind=folder&folder=a"));
  expect(folders.entries.map(({ path }) => path)).toEqual(["a/b/ägypten"]);
  const hidden = await bodyIn(SearchResult, await search("query=agypten&hidden=true&kind=file"));
  expect(hidden.entries.map(({ path }) => path)).toContain(".hidden/agypten");
});

test("entries are sent as lines, the result last", async () => {
  const answer = await search("query=agypten", { accept: "application/x-ndjson" });
  expect(answer.headers.get("content-type")).toBe("application/x-ndjson");
  expect(answer.headers.get("vary")).toBe("Accept");
  const text = await answer.text();
  expect(text.endsWith("\n")).toBe(true);
  const lines: unknown[] = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.pop()).toEqual({ complete: true, reason: null });
  const { entries } = await bodyIn(SearchResult, await search("query=agypten"));
  expect(lines).toEqual(entries);
  const weighed = await search("query=agypten", { accept: "application/x-ndjson;q=0, */*" });
  expect(weighed.headers.get("content-type")).toStartWith("application/json");
  const nothing = await search("query=nothing", { accept: "application/x-ndjson" });
  expect(await nothing.text()).toBe('{"complete":true,"reason":null}\n');
});

test("a deep tree is searched completely", async () => {
  const deep = Array.from({ length: 60 }, (_, index) => `d${index}`);
  await mkdir(join(server.root, "deep", ...deep), { recursive: true });
  await Bun.write(join(server.root, "deep", ...deep, "needle"), "x");
  const { entries, complete } = await bodyIn(SearchResult, await search("query=needle"));
  expect([entries.length, complete]).toEqual([1, true]);
  expect(entries[0]?.path).toBe(["deep", ...deep, "needle"].join("/"));
});

describe("refusals, also for answers in lines", () => {
  test.each([{}, { accept: "application/x-ndjson" }])("%p", async (headers) => {
    await problemIn(await search("query=", headers), "invalid_request");
    await problemIn(await search("", headers), "invalid_request");
    await problemIn(await search("query=a&kind=link", headers), "invalid_request");
    await problemIn(await search("query=a&limit=1001", headers), "invalid_request");
    await problemIn(await search("query=a&folder=none", headers), "not_found");
    await problemIn(await search("query=a&folder=../x", headers), "invalid_path");
    await problemIn(await search(`query=${"a".repeat(300)}`, headers), "invalid_request");
  });
});

test("usage returns the sizes of a folder and of the disk", async () => {
  const usage = await bodyIn(Usage, await server.fetch("/api/usage?folder=a"));
  expect(usage).toEqual({
    folder: "a",
    bytes: 15,
    files: 3,
    folders: 2,
    free: expect.any(Number),
    total: expect.any(Number),
  });
  expect(usage.free).toBeLessThanOrEqual(usage.total);
  expect((await bodyIn(Usage, await server.fetch("/api/usage"))).folder).toBe("");
  await problemIn(await server.fetch("/api/usage?folder=none"), "not_found");
});

test("clients that disconnect during a search make room for others", async () => {
  let gate = Promise.withResolvers<void>();
  class Slow extends MemoryStorage {
    override async *search(...given: Parameters<MemoryStorage["search"]>) {
      for await (const entries of super.search(...given))
        for (const entry of entries) {
          yield [entry];
          await gate.promise;
        }
      return new Skipped();
    }
  }
  const storage = new Slow();
  for (const name of ["a1", "a2", "a3"]) await put(storage, name, name);
  await using slow = await startServer({ storage });
  const headers = { accept: "application/x-ndjson" };
  for (let round = 0; round < 9; round += 1) {
    gate = Promise.withResolvers<void>();
    const client = new AbortController();
    const answer = await slow.fetch("/api/search?query=a", { headers, signal: client.signal });
    expect(answer.status).toBe(200);
    await answer.body?.getReader().read();
    client.abort();
    await until("the server knows", () => slow.app.server?.pendingRequests === 0);
    gate.resolve();
  }
});
