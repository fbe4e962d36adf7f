// Moves, copies, removals and new names where a rule nearer to the entry says something else than its folder.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { type AccessServer, bearer, startAccessServer } from "../../support/access.ts";
import { problemIn } from "../../support/problem.ts";

let server: AccessServer;
let alice: Record<string, string>;

beforeAll(async () => {
  server = await startAccessServer((database) => {
    database.account("alice", {
      a: "all",
      "a/hidden": "none",
      "a/list": "list,write,delete",
      "b/granted": "write",
      box: "read,write",
    });
    alice = bearer(database.token("alice"));
  });
  for (const path of [
    "a/one.txt",
    "a/two.txt",
    "a/hidden/secret.txt",
    "a/list/x.txt",
    "box/x.txt",
    "b/granted/y",
  ]) {
    await mkdir(join(server.root, path, ".."), { recursive: true });
    await Bun.write(join(server.root, path), path);
  }
});
afterAll(() => server.stop());

const post = (path: string, body: object) =>
  server.fetch(path, { method: "POST", headers: alice, body: JSON.stringify(body) });
const put = (path: string, headers: Record<string, string> = {}) =>
  server.fetch(path, { method: "PUT", headers: { ...alice, ...headers }, body: "new" });

test("a folder is not moved, copied or removed over a nearer rule (GHSA-77x8-73f4-5485)", async () => {
  for (const answer of [
    await post("/api/move", { from: "a", to: "box/a" }),
    await post("/api/copy", { from: "a", to: "box/a" }),
    await server.fetch("/files/a?recursive=true", { method: "DELETE", headers: alice }),
    await post("/api/batch", { operations: [{ op: "delete", path: "a", recursive: true }] }),
  ]) {
    const { detail } = await problemIn(answer, "not_allowed");
    expect(detail).not.toContain("hidden");
  }
  expect(await Bun.file(join(server.root, "a/hidden/secret.txt")).text()).toBe("a/hidden/secret.txt");
});

test("nothing is moved from where it may only be listed to where it may be read", async () => {
  await problemIn(await post("/api/move", { from: "a/list/x.txt", to: "a/x.txt" }), "not_allowed");
  await problemIn(await post("/api/copy", { from: "a/list/x.txt", to: "a/x.txt" }), "not_allowed");
});

test("nothing is replaced without the grant, by a move, a copy or an upload", async () => {
  for (const path of ["/api/move", "/api/copy"])
    await problemIn(
      await post(path, { from: "a/one.txt", to: "box/x.txt", conflict: "replace" }),
      "not_allowed",
    );
  await problemIn(await put("/files/box/x.txt?conflict=replace"), "not_allowed");
  expect(await Bun.file(join(server.root, "box/x.txt")).text()).toBe("box/x.txt");
});

test("another name is not taken in a folder where nothing may be written", async () => {
  await problemIn(await put("/files/b/granted?conflict=rename"), "is_folder");
  await problemIn(await post("/api/copy", { from: "a/one.txt", to: "b/granted" }), "name_taken");
  expect(await readdir(join(server.root, "b"))).toEqual(["granted"]);
  expect((await put("/files/box/x.txt?conflict=rename")).status).toBe(201);
});

test("conditions tell nothing about a file to those who may not list it", async () => {
  const later = { "if-unmodified-since": new Date(0).toUTCString() };
  for (const headers of [later, { "if-match": '"guess"' }, { "if-none-match": '"guess"' }])
    await problemIn(await put("/files/b/granted/y", headers), "not_found");
  await problemIn(await put("/files/b/granted/y", { "if-none-match": "*" }), "precondition_failed");
  expect(await Bun.file(join(server.root, "b/granted/y")).text()).toBe("b/granted/y");
});
