// Every route is found whatever stands before its path: the scheme, the length of the host, no host at all.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "../../support/raw.ts";
import { startServer, type TestServer } from "../../support/server.ts";

const HOSTS = ["x", "ab", "a.b", "host.domain", "localhost:80", "[::1]:1"];
/** A wildcard, a parameter and a path without either, with the status of each. */
const ROUTES = [
  ["/files/dir/a.txt", 200],
  ["/files", 200],
  ["/api/jobs/none", 404],
  ["/health", 200],
  ["/s/none/", 404],
] as const;

const servers = new Map<string, TestServer>();
beforeAll(async () => {
  for (const [name, options] of [
    ["http", {}],
    ["https", { tls: true }],
    ["https below /sluice", { tls: true, basePath: "/sluice" }],
  ] as const) {
    const server = await startServer({ ...options, listenOn: "0.0.0.0" });
    await Bun.write(`${server.root}/dir/a.txt`, "content");
    servers.set(name, server);
  }
});
afterAll(() => Promise.all([...servers.values()].map((server) => server.stop())));

const serverOf = (name: string): TestServer => servers.get(name) ?? expect.unreachable();

/** Statuses of all routes for one host, in HTTP/1.1. */
async function statuses(server: TestServer, host: string, target: (path: string) => string) {
  using connection = await connect(server.url);
  const found: number[] = [];
  for (const [path] of ROUTES) {
    await connection.send(
      `GET ${target(path)} HTTP/1.1\r\nHost: ${host}\r\nAccept: application/json\r\n\r\n`,
    );
    found.push((await connection.answer()).status);
  }
  return found;
}

const EXPECTED = ROUTES.map(([, status]) => status);

describe.each(["http", "https", "https below /sluice"])("over %s", (name) => {
  const base = name.includes("/sluice") ? "/sluice" : "";

  test.each(HOSTS)("every route is found at the host %s", async (host) => {
    const server = serverOf(name);
    expect(await statuses(server, host, (path) => base + path)).toEqual(EXPECTED);
    expect(await statuses(server, host, (path) => `http://${host}${base}${path}`)).toEqual(EXPECTED);
    expect(await statuses(server, host, (path) => `https://${host}${base}${path}`)).toEqual(EXPECTED);
  });

  test("and without a host: HTTP/1.0, an empty Host", async () => {
    for (const head of ["HTTP/1.0", "HTTP/1.1\r\nHost:"]) {
      using connection = await connect(serverOf(name).url);
      await connection.send(`GET ${base}/files/dir/a.txt ${head}\r\nConnection: close\r\n\r\n`);
      expect(await connection.answer()).toMatchObject({ status: 200, text: "content" });
    }
  });

  test("a host with user information is refused with its reason", async () => {
    using connection = await connect(serverOf(name).url);
    await connection.send(`GET ${base}/files/dir/a.txt HTTP/1.1\r\nHost: user@x\r\n\r\n`);
    const { status, text } = await connection.answer();
    expect([status, JSON.parse(text).code]).toEqual([400, "invalid_request"]);
  });
});

test.each([...HOSTS, ""])("over HTTP/2, every route is found at the authority %j", async (host) => {
  const server = serverOf("https");
  const session = connectHttp2(server.url, { rejectUnauthorized: false });
  try {
    const found = ROUTES.map(async ([path]) => {
      const stream = session.request({ ":path": path, ":authority": host, accept: "application/json" });
      const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
      stream.on("response", (headers) => resolve(headers[":status"]));
      stream.on("error", reject);
      stream.resume().end();
      return await promise;
    });
    expect(await Promise.all(found)).toEqual([...EXPECTED]);
  } finally {
    session.destroy();
  }
});

test("over HTTP/2, every method that changes something reaches its route", async () => {
  const server = serverOf("https");
  const init = { protocol: "http2" } as const;
  const call = async (method: string, path: string, body?: string) =>
    (await server.fetch(path, { ...init, method, ...(body !== undefined && { body }) })).status;
  expect(await call("PUT", "/files/new/b.txt", "b")).toBe(201);
  expect(await call("HEAD", "/files/new/b.txt")).toBe(200);
  expect(await call("POST", "/files?name=c.txt", "c")).toBe(201);
  expect(await call("DELETE", "/files/new/b.txt")).toBe(204);
  expect(await call("OPTIONS", "/uploads/none")).toBeLessThan(405);
  expect(await Bun.file(`${server.root}/c.txt`).text()).toBe("c");
});
