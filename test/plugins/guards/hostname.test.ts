// Host names: a server on loopback answers to its own, so that no website can make its name that of the server.

import { describe, expect, test } from "bun:test";
import { Elysia } from "elysia";
import { hostname } from "../../../src/plugins/guards/hostname.ts";
import { hasNginx, startNginx } from "../../support/nginx.ts";
import { problemIn } from "../../support/problem.ts";
import { connect } from "../../support/raw.ts";
import { startServer } from "../../support/server.ts";

/** The answer to a request with this Host. */
async function ask({ url }: { url: string }, host: string, method = "GET", path = "/api/entries") {
  using connection = await connect(url);
  await connection.send(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`);
  return await connection.answer({ head: method === "HEAD" });
}

const LOOPBACK = [
  "localhost",
  "LOCALHOST:3000",
  "localhost.",
  "app.localhost",
  "127.0.0.1:80",
  "127.9.8.7",
  "[::1]:1",
];
const FOREIGN = [
  "evil.example",
  "evil.example:3000",
  "localhost.evil.example",
  "192.0.2.1",
  "[2001:db8::1]",
  "x",
  "127.1",
];

describe("on a loopback address", () => {
  test("the names of --acme are answered", async () => {
    await using server = await startServer({ acme: ["files.example.org"] });
    for (const host of ["Files.Example.org:8443", ...LOOPBACK])
      expect({ host, status: (await ask(server, host)).status }).toEqual({ host, status: 200 });
    await problemIn(await ask(server, "evil.example"), "misdirected");
  });

  test("loopback names are answered", async () => {
    await using server = await startServer();
    for (const host of LOOPBACK)
      expect({ host, status: (await ask(server, host)).status }).toEqual({ host, status: 200 });
  });

  test("the name of --url is answered, with any port", async () => {
    await using server = await startServer({ url: "https://files.example.org:8443" });
    for (const host of ["files.example.org", "Files.Example.org:8443", ...LOOPBACK])
      expect({ host, status: (await ask(server, host)).status }).toEqual({ host, status: 200 });
    await problemIn(await ask(server, "evil.example"), "misdirected");
  });

  test("other names are refused for every method and URL, and the answer names the flag", async () => {
    await using server = await startServer();
    for (const host of FOREIGN) {
      const { detail } = await problemIn(await ask(server, host), "misdirected");
      expect(detail).toContain(`--hostname ${host.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1")}.`);
    }
    for (const [method, path] of [
      ["PUT", "/files/a"],
      ["POST", "/uploads"],
      ["OPTIONS", "/uploads"],
      ["GET", "/"],
      ["GET", "/page.css"],
      ["GET", "/nothing"],
      ["HEAD", "/health"],
    ] as const)
      expect({ path, status: (await ask(server, "evil.example", method, path)).status }).toEqual({
        path,
        status: 421,
      });
    expect((await server.fetch("/files/a")).status).toBe(404);
  });

  test("the names given by --hostname are answered, in addition to the loopback names", async () => {
    await using server = await startServer({ hostname: ["files.example.org", "192.0.2.1"] });
    for (const host of [...LOOPBACK, "Files.Example.org:8080", "files.example.org.", "192.0.2.1"])
      expect({ host, status: (await ask(server, host)).status }).toEqual({ host, status: 200 });
    for (const host of ["example.org", "a.files.example.org", "192.0.2.2"])
      await problemIn(await ask(server, host), "misdirected");
  });
});

test.skipIf(!hasNginx())("behind nginx the forwarded name must be given by --hostname", async () => {
  const status = async (hostname: string[], line: string): Promise<number> => {
    await using server = await startServer({ hostname });
    await using nginx = await startNginx(server.url, line);
    return (await ask(nginx, "files.example.org")).status;
  };
  const forwarding = "proxy_set_header Host $http_host;";
  // Without the line nginx sends the address of its upstream.
  expect(await status([], "")).toBe(200);
  expect(await status([], forwarding)).toBe(421);
  expect(await status(["files.example.org"], forwarding)).toBe(200);
});

describe("on another address", () => {
  test("every name is answered, because the server cannot know its own", async () => {
    await using server = await startServer({ listenOn: "0.0.0.0" });
    for (const host of [...LOOPBACK, ...FOREIGN])
      expect({ host, status: (await ask(server, host)).status }).toEqual({ host, status: 200 });
  });

  test("with --url only its name, and addresses", async () => {
    await using server = await startServer({ listenOn: "0.0.0.0", url: "https://files.example.org" });
    for (const host of [...LOOPBACK, "files.example.org", "192.0.2.1"])
      expect({ host, status: (await ask(server, host)).status }).toEqual({ host, status: 200 });
    await problemIn(await ask(server, "evil.example"), "misdirected");
  });

  test("with --hostname only its names, and addresses", async () => {
    await using server = await startServer({ listenOn: "0.0.0.0", hostname: ["files.example.org"] });
    for (const host of [...LOOPBACK, "files.example.org", "192.0.2.1", "[2001:db8::1]"])
      expect({ host, status: (await ask(server, host)).status }).toEqual({ host, status: 200 });
    await problemIn(await ask(server, "evil.example"), "misdirected");
  });
});

test("an app that is called without a server has no name", async () => {
  const app = new Elysia().use(hostname({ hostname: [], acme: [] })).get("/", "here");
  const headers = { host: "any.example" };
  expect((await app.handle(new Request("http://any.example/", { headers }))).status).toBe(200);
});
