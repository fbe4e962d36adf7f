// Strict-Transport-Security, and pages without TLS that call a server with it.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { problemIn } from "../../support/problem.ts";
import { connect } from "../../support/raw.ts";
import { startServer, type TestServer } from "../../support/server.ts";

let secure: TestServer;
let silent: TestServer;
beforeAll(async () => {
  secure = await startServer({ tls: true, hsts: 365 * 86_400, cors: ["https://friend.example"] });
  silent = await startServer({ tls: true });
});
afterAll(async () => {
  await secure.stop();
  await silent.stop();
});

test.each([
  ["the page", "/", {}],
  ["a folder", "/files/", {}],
  ["an error", "/files/absent", {}],
  ["an unknown path", "/nothing", {}],
  ["an answer without a body", "/health", { method: "HEAD" }],
  ["an upload", "/files/a", { method: "PUT", body: "x" }],
  ["a refused upload", "/files/a", { method: "PUT", body: "x", headers: { "if-none-match": "*" } }],
  ["a refused origin", "/files/a", { headers: { origin: "https://evil.example" } }],
])("%s says that browsers shall come by TLS only", async (_, path, init) => {
  const answer = await secure.fetch(path, init);
  expect(answer.headers.get("strict-transport-security")).toBe("max-age=31536000");
  expect((await silent.fetch(path, init)).headers.has("strict-transport-security")).toBe(false);
});

test.each(["HTTP/1.0", "HTTP/1.1\r\nHost:", "HTTP/1.1\r\nHost: a b"])(
  "so does the answer to a request without a valid host: %j",
  async (head) => {
    using connection = await connect(secure.url);
    await connection.send(`GET /health ${head}\r\nConnection: close\r\n\r\n`);
    expect((await connection.answer()).headers.get("strict-transport-security")).toBe("max-age=31536000");
  },
);

test("nothing is said without TLS", async () => {
  await using plain = await startServer({ tls: false, hsts: 365 * 86_400 });
  expect((await plain.fetch("/")).headers.has("strict-transport-security")).toBe(false);
});

test("a page without TLS is foreign to a server with TLS, though it has the same host", async () => {
  const send = (scheme: string) =>
    secure.fetch("/files/b", {
      method: "PUT",
      body: "x",
      headers: { origin: secure.url.replace("https", scheme) },
    });
  await problemIn(await send("http"), "cross_origin");
  expect((await send("https")).status).toBe(201);
});
