// The requests of KeePass, KeeWeb and Keepass2Android, which write a temporary file and move it over the database.

import { describe, expect, test } from "bun:test";
import { readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { startServer, type TestServer } from "../../../support/server.ts";
import { Replay } from "./replay.ts";

async function withDatabase(): Promise<TestServer> {
  const server = await startServer();
  await Bun.write(join(server.root, "safe/my keys.kdbx"), "before");
  return server;
}

/** The folder holds nothing but the database with this content. */
async function holds({ root }: TestServer, content: string): Promise<void> {
  expect(await readdir(join(root, "safe"))).toEqual(["my keys.kdbx"]);
  expect(await Bun.file(join(root, "safe/my keys.kdbx")).text()).toBe(content);
}

const KEYS = "/dav/safe/my%20keys.kdbx";

describe("KeePass", () => {
  test("removes the database and gives the new one its name", async () => {
    await using server = await withDatabase();
    using client = new Replay(server.url, ["Connection: Keep-Alive"]);
    expect((await client.send(200, "GET", KEYS)).text).toBe("before");
    await client.send([200, 404], "HEAD", `${KEYS}.tmp`);
    await client.send(201, "PUT", `${KEYS}.tmp`, { body: "after" });
    await client.send(204, "DELETE", KEYS);
    await client.send(201, "MOVE", `${KEYS}.tmp`, { headers: [`Destination: ${server.url}${KEYS}`] });
    await holds(server, "after");
  });

  test("without transactions, replaces it at once", async () => {
    await using server = await withDatabase();
    using client = new Replay(server.url, ["Connection: Keep-Alive"]);
    await client.send(204, "PUT", KEYS, { body: "after" });
    await holds(server, "after");
  });
});

describe("KeeWeb", () => {
  const KEEWEB = [
    "Accept: */*",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) KeeWeb/1.18.7 Chrome/91.0 Electron/13.6",
  ];

  test("moves a hidden file over the database, by a destination without a host", async () => {
    await using server = await withDatabase();
    using client = new Replay(server.url, KEEWEB);
    const before = await client.send(200, "HEAD", KEYS);
    expect(before.headers.get("last-modified")).toBeTruthy();
    const temporary = "/dav/safe/.my%20keys.kdbx.1492515939820";
    await client.send(201, "PUT", temporary, { body: "after" });
    await client.send(200, "HEAD", KEYS);
    await client.send(204, "MOVE", temporary, { headers: [`Destination: ${KEYS}`, "Overwrite: T"] });
    const after = await client.send(200, "HEAD", KEYS);
    expect(after.headers.get("etag")).not.toBe(before.headers.get("etag"));
    await holds(server, "after");
  });
});

describe("Keepass2Android", () => {
  const ANDROID = ["User-Agent: okhttp/4.12.0", "Accept-Encoding: gzip", "Connection: Keep-Alive"];

  test("moves a temporary file over the database", async () => {
    await using server = await withDatabase();
    using client = new Replay(server.url, ANDROID);
    const temporary = `${KEYS}.638987.tmp`;
    await client.send(207, "PROPFIND", KEYS, { headers: ["Depth: 0"] });
    await client.send(201, "PUT", temporary, {
      headers: ["Content-Type: application/binary"],
      body: "after",
    });
    const headers = [`Destination: ${server.url}${KEYS}`, "Overwrite: T"];
    await client.send(204, "MOVE", temporary, { headers });
    await holds(server, "after");
  });

  test("through a proxy that speaks TLS, the destination has another scheme and host", async () => {
    await using server = await withDatabase();
    using client = new Replay(server.url, ANDROID);
    await client.send(201, "PUT", `${KEYS}.tmp`, { body: "after" });
    const headers = [`Destination: https://files.example.org${KEYS}`, "Overwrite: T"];
    await client.send(204, "MOVE", `${KEYS}.tmp`, { headers });
    await holds(server, "after");
  });

  test("loses nothing when the database was renamed in between", async () => {
    await using server = await withDatabase();
    using client = new Replay(server.url, ANDROID);
    await client.send(201, "PUT", `${KEYS}.tmp`, { body: "after" });
    await rename(join(server.root, "safe/my keys.kdbx"), join(server.root, "elsewhere"));
    await client.send(201, "MOVE", `${KEYS}.tmp`, { headers: [`Destination: ${KEYS}`, "Overwrite: T"] });
    await holds(server, "after");
    expect(await Bun.file(join(server.root, "elsewhere")).text()).toBe("before");
  });
});
