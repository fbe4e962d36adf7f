// The plain listener: challenges, redirects that lead nowhere else, and bounds.

import { afterEach, expect, test } from "bun:test";
import { HttpListener, type HttpsSite } from "../../src/listen/http-listener.ts";
import { connect, type RawAnswer } from "../support/raw.ts";

const NAMES = ["files.example.org", "*.share.example.org"];
let listener: HttpListener;
afterEach(() => listener.close());

function open(site: HttpsSite | null = { names: NAMES, port: 443 }): void {
  listener = new HttpListener({ hosts: ["127.0.0.1"], port: 0, site: () => site ?? undefined });
  expect(listener.open()).toBeUndefined();
}

async function raw(request: string): Promise<RawAnswer> {
  using connection = await connect(`http://127.0.0.1:${listener.port}`);
  await connection.send(request);
  const answer = await connection.answer({ head: request.startsWith("HEAD") });
  await connection.closed;
  return answer;
}

const get = (path: string, host: string, method = "GET"): Promise<RawAnswer> =>
  raw(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);

test.each([
  ["/", "files.example.org", "https://files.example.org/"],
  ["/files/a%20b?download=1&x", "FILES.example.org:80", "https://files.example.org/files/a%20b?download=1&x"],
  ["/", "files.example.org.", "https://files.example.org/"],
  ["/", "a.share.example.org", "https://a.share.example.org/"],
])("%s of %s is redirected to %s, and the connection is closed", async (path, host, location) => {
  open();
  const answer = await get(path, host);
  expect([answer.status, answer.headers.get("location")]).toEqual([308, location]);
});

test.each([
  ["/", "evil.example"],
  ["/", "evil.example\\@files.example.org"],
  ["/", "a.b.share.example.org"],
  ["/", "share.example.org"],
  ["/", "evil%2eexample%2f.share.example.org"],
  ["/", "a;b='c'.share.example.org"],
  ["/", "192.0.2.1"],
  ["/", "[::1]:80"],
  ["/", ""],
  ["//evil.example/%2e%2e", "evil.example"],
  ["http://evil.example/", "evil.example"],
])("%s of the foreign host %s leads to this server's own name", async (path, host) => {
  open();
  const { status, headers } = await get(path, host);
  expect(status).toBe(308);
  const location = new URL(headers.get("location") ?? "");
  expect([location.origin, location.username]).toEqual(["https://files.example.org", ""]);
});

test("another port is named, and a server whose only name is a pattern redirects nobody to a foreign one", async () => {
  open({ names: ["*.example.org"], port: 8443 });
  expect((await get("/x", "a.example.org")).headers.get("location")).toBe("https://a.example.org:8443/x");
  const foreign = await get("/x", "evil.example");
  expect([foreign.status, foreign.headers.get("location")]).toEqual([404, null]);
});

test("every method is redirected with 308, and a body is refused unread", async () => {
  open();
  expect((await get("/", NAMES[0] ?? "", "PROPFIND")).status).toBe(308);
  expect((await get("/", NAMES[0] ?? "", "HEAD")).status).toBe(308);
  const head = "PUT /files/a HTTP/1.1\r\nHost: files.example.org\r\n";
  expect((await raw(`${head}Content-Length: 1000000000\r\n\r\n`)).status).toBe(413);
  expect((await raw(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n`)).status).toBeOneOf([308, 413]);
});

test("a token is answered while an order is open, and by no other path", async () => {
  open(null);
  const path = "/.well-known/acme-challenge/a-Token_1";
  expect((await get(path, "files.example.org")).status).toBe(404);
  listener.thumbprint = "thumbprint";
  const { status, text, headers } = await get(path, "files.example.org");
  expect([status, text, headers.get("x-content-type-options")]).toEqual([
    200,
    "a-Token_1.thumbprint",
    "nosniff",
  ]);
  for (const wrong of [`${path}/`, `${path}.`, `${path}%3Cscript%3E`, "/.well-known/acme-challenge/", "/x"])
    expect((await get(wrong, "files.example.org")).status).toBe(503);
  expect((await get(path, "files.example.org", "POST")).status).toBe(503);
});

test("headers beyond 16 KiB and an invalid request are refused", async () => {
  open();
  const long = await raw(`GET / HTTP/1.1\r\nHost: files.example.org\r\nX: ${"a".repeat(20_000)}\r\n\r\n`);
  expect(long.status).toBe(431);
  expect((await raw("NONSENSE\r\n\r\n")).status).toBe(400);
});

test("a port that is in use is named, and opened later when it is free", async () => {
  open();
  const port = listener.port ?? 0;
  const second = new HttpListener({ hosts: ["127.0.0.1"], port, site: () => undefined });
  expect(second.open()).toBe(`port ${port} of 127.0.0.1 is already in use`);
  await listener.close();
  expect(second.open()).toBeUndefined();
  await second.close();
});
