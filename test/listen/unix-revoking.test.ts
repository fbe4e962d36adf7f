// Downloads over a Unix socket end when their asker may not read any more, though their connection cannot be found.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AccessDatabase, type AccessServer, bearer, startAccessServer } from "../support/access.ts";
import { connect } from "../support/raw.ts";
import { until } from "../support/server.ts";

/** More than the system's buffers hold, and sparse. */
const LARGE = 64 * 1024 * 1024;

let folder: string;
const servers: Record<string, { server: AccessServer; socket: string }> = {};
let made = 0;

async function start(name: string, cap?: number): Promise<void> {
  const socket = join(folder, `${name}.sock`);
  const fill = (database: AccessDatabase) => database.account("olga", {}, { owner: true });
  const options = { listen: [{ kind: "unix", path: socket, mode: 0o600 }], ...(cap && { cap }) } as const;
  const server = await startAccessServer(fill, options);
  await mkdir(join(server.root, "team"));
  await Bun.write(join(server.root, "team/large"), "");
  await truncate(join(server.root, "team/large"), LARGE);
  servers[name] = { server, socket };
}
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-unix-"));
  await start("free");
  await start("capped", 50e6);
});
afterAll(async () => {
  for (const { server } of Object.values(servers)) await server.stop();
  await rm(folder, { recursive: true });
});

/** A download of a new account, which has begun and whose client does not read. */
async function download(which: string, target: string, headers = "") {
  const { server, socket } = servers[which] ?? {};
  if (!server) throw new Error(`No server ${which}`);
  made += 1;
  const name = `account-${made}`;
  server.database.account(name, { team: "read" });
  const { authorization } = bearer(server.database.token(name));
  await server.read();
  const client = await connect(`unix:${socket}`);
  await client.send(
    `GET ${target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\n${headers}\r\n`,
  );
  await until("bytes come", () => client.unread.length > 0);
  client.pause();
  // Meanwhile the server notices that the answer takes longer.
  await (await server.fetch("/health")).text();
  return { server, name, client };
}

test.each([
  ["a file", "free", "/files/team/large", ""],
  ["a range", "free", "/files/team/large", "Range: bytes=1000-\r\n"],
  ["several ranges", "free", "/files/team/large", "Range: bytes=0-50000000,52000000-\r\n"],
  ["an archive", "free", "/api/archive?folder=team", ""],
  ["a file under a cap", "capped", "/files/team/large", ""],
])("%s is cut", async (_, which, target, headers) => {
  const { server, name, client } = await download(which, target, headers);
  using _client = client;
  const count = () => server.log.filter((line) => line.includes(" revoked ") && line.includes(name)).length;
  server.database.grant(name, { team: "none" });
  await server.read();
  client.resume();
  await client.closed;
  // A block may have been on its way, beside what the system's buffers hold.
  expect(client.unread.length).toBeLessThan(LARGE / 4);
  expect(client.unread.subarray(-5).toString("latin1")).not.toBe("0\r\n\r\n");
  await until("it is logged", () => count() === 1);
  expect((await server.fetch("/health")).status).toBe(200);
});

test("a download of the same file by another goes on", async () => {
  const [before, cut, after] = [
    await download("free", "/files/team/large"),
    await download("free", "/files/team/large"),
    await download("free", "/files/team/large"),
  ];
  cut.server.database.grant(cut.name, { team: "none" });
  await cut.server.read();
  cut.client.resume();
  await cut.client.closed;
  expect(cut.client.unread.length).toBeLessThan(LARGE / 4);
  for (const { client } of [before, after]) {
    client.resume();
    expect((await client.answer()).body.byteLength).toBe(LARGE);
    client[Symbol.dispose]();
  }
});
