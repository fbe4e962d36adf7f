// GET /api/entries: pages of a folder over HTTP.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { Listing } from "../../../src/routes/openapi/shapes.ts";
import { bodyIn } from "../../support/answer.ts";
import { problemIn } from "../../support/problem.ts";
import { startServer, type TestServer } from "../../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  for (const [path, size] of [
    ["b.txt", 2],
    ["a 10.txt", 10],
    ["a 2.txt", 3],
    [".hidden", 1],
    ["d/e/f.txt", 1],
  ] as const)
    await Bun.write(join(server.root, path), "x".repeat(size));
});
afterAll(() => server.stop());

const ask = (query = "") => server.fetch(`/api/entries${query}`);
const names = async (query = "") => (await bodyIn(Listing, await ask(query))).entries.map(({ name }) => name);

test("lists the root by default, in natural order, without hidden entries and the server's own folder", async () => {
  const answer = await ask();
  expect(answer.status).toBe(200);
  const { folder, entries, next } = await bodyIn(Listing, answer);
  expect([folder, next]).toEqual(["", null]);
  expect(entries.map(({ name }) => name)).toEqual(["a 2.txt", "a 10.txt", "b.txt", "d"]);
  expect(entries[3]).toEqual({
    path: "d",
    name: "d",
    kind: "folder",
    modified: expect.stringMatching(/Z$/),
    url: "/files/d/",
  });
  expect(await names("?hidden=true")).toEqual([".hidden", "a 2.txt", "a 10.txt", "b.txt", "d"]);
});

test("lists a folder, with or without trailing slash, in any encoding", async () => {
  for (const folder of ["d/e", "d%2Fe", "d/e/"]) expect(await names(`?folder=${folder}`)).toEqual(["f.txt"]);
  expect(await names("?folder=")).toHaveLength(4);
});

test("order", async () => {
  expect(await names("?sort=size&order=desc")).toEqual(["a 10.txt", "a 2.txt", "b.txt", "d"]);
  expect(await names("?foldersFirst=true")).toEqual(["d", "a 2.txt", "a 10.txt", "b.txt"]);
  expect(await names("?sort=kind")).toEqual(["d", "a 2.txt", "a 10.txt", "b.txt"]);
});

test("pages", async () => {
  const first = await bodyIn(Listing, await ask("?limit=3"));
  expect(first.entries).toHaveLength(3);
  expect(await names(`?limit=3&cursor=${first.next}`)).toEqual(["d"]);
});

describe("refusals", () => {
  test.each([
    ["?limit=0", "/query/limit", "1"],
    ["?limit=1001", "/query/limit", "1000"],
    ["?limit=abc", "/query/limit", "integer"],
    ["?limit=1.5", "/query/limit", "integer"],
    ["?limit=", "/query/limit", ""],
    ["?sort=colour", "/query/sort", "Use one of: name, size, modified, kind."],
    ["?order=up", "/query/order", "Use one of: asc, desc."],
    ["?hidden=1", "/query/hidden", "Use one of: true, false."],
    ["?cursor=x", "/query/cursor", "The cursor"],
    [`?cursor=${"x".repeat(5000)}`, "/query/cursor", "4096"],
  ])("%p points to the parameter", async (query, pointer, said) => {
    const { errors } = await problemIn(await ask(query), "invalid_request");
    expect(errors).toEqual([{ code: "invalid_value", pointer, detail: expect.stringContaining(said) }]);
  });

  test("of several parameters point to each of them", async () => {
    const { errors = [] } = await problemIn(await ask("?sort=x&order=y&hidden=z"), "invalid_request");
    expect(errors.map(({ pointer }) => pointer).toSorted()).toEqual([
      "/query/hidden",
      "/query/order",
      "/query/sort",
    ]);
  });

  test("do not quote the input", async () => {
    const canary = "canary".repeat(500);
    const answer = await ask(`?sort=${canary}&order=${canary}`);
    expect(await answer.text()).not.toContain("canarycanary");
  });

  test("of a path that is not a folder", async () => {
    await problemIn(await ask("?folder=nothing"), "not_found");
    await problemIn(await ask("?folder=b.txt"), "not_a_folder");
    await symlink("/", join(server.root, "out"));
    await problemIn(await ask("?folder=out"), "not_found");
    expect(await names()).not.toContain("out");
  });

  test("without the grant to read", async () => {
    await using dropbox = await startServer({ allow: new Set(["write"]) });
    const { detail } = await problemIn(await dropbox.fetch("/api/entries"), "not_allowed");
    expect(detail).toContain("`list`");
    await dropbox.fetch("/files/a", { method: "PUT", body: "x" });
    await problemIn(await dropbox.fetch("/files/a"), "not_allowed");
    await problemIn(
      await dropbox.fetch("/files/", { headers: { accept: "application/json" } }),
      "not_allowed",
    );
    await problemIn(await dropbox.fetch("/api/uploads"), "not_allowed");
  });
});
