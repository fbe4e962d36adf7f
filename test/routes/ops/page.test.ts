// GET / and the files of the page: complete, from this server only, with a policy that allows no other sources.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { problemIn } from "../../support/problem.ts";
import { startServer, type TestServer } from "../../support/server.ts";

const PUBLIC = join(import.meta.dir, "../../../public");

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

test("the page is sent with its policy", async () => {
  const answer = await server.fetch("/");
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
  const file = await Bun.file(join(PUBLIC, "index.html")).text();
  // Nothing is in the root.
  expect(await answer.text()).toBe(file.replace('id="empty" hidden', 'id="empty"'));
  const head = await server.fetch("/", { method: "HEAD" });
  expect(head.status).toBe(200);
  expect(await head.text()).toBe("");
});

test("the page contains the base path, and nothing about who asks", async () => {
  await using below = await startServer({ basePath: "/sluice", trash: 3600 });
  await mkdir(join(below.root, "in"));
  for (const path of ["/sluice/", "/sluice/files/in/"]) {
    const text = await (await below.fetch(path, { headers: { accept: "text/html" } })).text();
    expect(text.match(/<meta name="sluice-[^>]*>/g)).toEqual(['<meta name="sluice-base" content="/sluice">']);
  }
});

test("only its own files are allowed", async () => {
  const policy = (await server.fetch("/")).headers.get("content-security-policy") ?? "";
  const rules = new Map(policy.split(/; ?/).map((rule) => [rule.split(" ")[0], rule.split(" ").slice(1)]));
  expect(rules.get("default-src")).toEqual(["'none'"]);
  expect(rules.get("script-src")).toEqual(["'self'"]);
  expect(rules.get("style-src")).toEqual(["'self'"]);
  expect(rules.get("frame-ancestors")).toEqual(["'none'"]);
  expect(policy).not.toMatch(/unsafe|\*|https?:/);
});

test("every file of the page is sent unchanged, with a type and the same policy", async () => {
  const entries = await readdir(PUBLIC, { withFileTypes: true, recursive: true });
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".html"))
    .map((entry) => relative(PUBLIC, join(entry.parentPath, entry.name)));
  expect(files).toContain("app.js");
  expect(files).toContain("ui/dialog.css");
  for (const name of files) {
    const answer = await server.fetch(`/${name}`);
    expect([name, answer.status]).toEqual([name, 200]);
    expect(answer.headers.get("content-type")).not.toBeNull();
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(answer.headers.get("cache-control")).toContain("no-cache");
    expect(
      Buffer.from(await answer.bytes()).equals(Buffer.from(await Bun.file(join(PUBLIC, name)).bytes())),
    ).toBe(true);
  }
});

test("other paths are answered with 404", async () => {
  for (const path of [
    "/nothing",
    "/index.html/x",
    "/src/main.ts",
    "/..%2Fpackage.json",
    "/%2e%2e/package.json",
  ])
    await problemIn(await server.fetch(path), "not_found");
});

test("the page needs no grant", async () => {
  await using closed = await startServer({ allow: new Set() });
  expect((await closed.fetch("/")).status).toBe(200);
});
