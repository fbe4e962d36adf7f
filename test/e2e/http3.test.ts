// HTTP/3: by Bun's fetch, and by aioquic, which also sends bodies of another length than announced. TEST_PYTHON has aioquic.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { startLinkServer } from "../support/links.ts";
import { startServer, type TestServer, until } from "../support/server.ts";
import { skipped } from "../support/switches.ts";

const PYTHON = process.env.TEST_PYTHON ?? "python3";
const CLIENT = join(import.meta.dir, "clients/http3.py");
const noAioquic =
  (Bun.which(PYTHON) === null || Bun.spawnSync([PYTHON, "-c", "import aioquic"]).exitCode !== 0) &&
  skipped("HTTP/3 bodies of a wrong length", `${PYTHON} has no aioquic`, "install it and set TEST_PYTHON");

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ tls: "http3" });
});
afterAll(() => server.stop());

// Over HTTP/3, Bun's fetch takes no authority of its own.
const ask = (path: string, init: BunFetchRequestInit = {}) =>
  server.fetch(path, { ...init, protocol: "http3", tls: { rejectUnauthorized: false } });

test("uploads, downloads, ranges, HEAD and problems work", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(300_000));
  expect((await ask("/files/new/a.bin", { method: "PUT", body: bytes })).status).toBe(201);
  expect(Buffer.from(await (await ask("/files/new/a.bin")).arrayBuffer()).equals(bytes)).toBe(true);
  const part = await ask("/files/new/a.bin", { headers: { range: "bytes=10-19" } });
  expect([part.status, Buffer.from(await part.arrayBuffer())]).toEqual([
    206,
    Buffer.from(bytes.slice(10, 20)),
  ]);
  const head = await ask("/files/new/a.bin", { method: "HEAD" });
  expect([head.status, head.headers.get("content-length")]).toEqual([200, "300000"]);
  expect((await ask("/files/new/none")).status).toBe(404);
  expect((await ask("/files/new/a.bin", { method: "DELETE" })).status).toBe(204);
});

test("a revoked download ends, although it has no connection to cut", async () => {
  await using links = await startLinkServer({ tls: "http3" });
  await Bun.write(join(links.root, "home/large.bin"), "");
  await truncate(join(links.root, "home/large.bin"), 2 ** 30);
  const { id, url } = await links.link("home/large.bin");
  const download = await links.fetch(`${url}/files/large.bin`, {
    protocol: "http3",
    tls: { rejectUnauthorized: false },
  });
  expect((await links.api(`/api/links/${id}`, "DELETE")).status).toBe(204);
  const readAll = async () => {
    for await (const _ of download.body ?? []);
  };
  await expect(readAll()).rejects.toThrow("HTTP3ContentLengthMismatch");
});

test.skipIf(noAioquic)("a body of another length than announced is not saved", async () => {
  const put = async (name: string, announced: number, body: string) => {
    const { port } = new URL(server.url);
    const words = [PYTHON, CLIENT, port, `/files/${name}`, `${announced}`, body];
    const client = Bun.spawn(words, { stderr: "inherit" });
    return JSON.parse(await new Response(client.stdout).text());
  };
  expect(await put("whole.txt", 3, "abc")).toMatchObject({ status: 201 });
  // Bun closes the connection; the app must have refused the body before.
  for (const [name, announced] of [
    ["short.txt", 10],
    ["long.txt", 2],
  ] as const) {
    expect((await put(name, announced, "abc")).status).not.toBe(201);
    await until(`${name} is refused`, () =>
      server.log.some((line) => line.includes("body_incomplete") && line.includes(name)),
    );
    expect(existsSync(join(server.root, name))).toBe(false);
  }
});
