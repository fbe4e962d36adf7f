// The root folder without its slash: listed, uploaded to, and below a base path.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { problemIn } from "../../support/problem.ts";
import { startServer, type TestServer } from "../../support/server.ts";

let servers: [string, TestServer][];
beforeAll(async () => {
  servers = [
    ["", await startServer({ allow: new Set(["read", "write", "replace", "delete"]) })],
    ["/sluice", await startServer({ basePath: "/sluice" })],
  ];
});
afterAll(() => Promise.all(servers.map(([, server]) => server.stop())));

test("GET and POST /files do what they do with the slash", async () => {
  for (const [base, server] of servers) {
    const form = new FormData();
    form.append("file", new File(["form"], "form.txt"));
    expect((await server.fetch(`${base}/files`, { method: "POST", body: form })).status).toBe(201);
    const body = await server.fetch(`${base}/files?name=body.txt`, { method: "POST", body: "body" });
    expect(body.headers.get("location")).toBe(`${base}/files/body.txt`);
    const headers = { accept: "application/json" };
    const listing = JSON.parse(await (await server.fetch(`${base}/files`, { headers })).text());
    expect(listing.entries.map(({ name }: { name: string }) => name)).toEqual(["body.txt", "form.txt"]);
    const page = await server.fetch(`${base}/files?cursor=`, { redirect: "manual" });
    expect([page.status, page.headers.get("location")]).toEqual([301, "files/?cursor="]);
    const followed = await server.fetch(`${base}/files`);
    expect(new URL(followed.url).pathname).toBe(`${base}/files/`);
    expect(followed.headers.get("content-type")).toStartWith("text/html");
  }
});

test("nothing else is the root folder", async () => {
  const server = servers[0]?.[1] ?? expect.unreachable();
  for (const path of ["/files2", "/xfiles", "/x/files"])
    await problemIn(await server.fetch(path), "not_found");
});

test("the root is not deleted, whatever the slash", async () => {
  const server = servers[0]?.[1] ?? expect.unreachable();
  for (const path of ["/files", "/files/"])
    expect((await server.fetch(`${path}?recursive=true`, { method: "DELETE" })).ok).toBe(false);
});
