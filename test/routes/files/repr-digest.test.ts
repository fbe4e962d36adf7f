// Repr-Digest of downloads (RFC 9530): always of the whole file, even if a part of it is sent.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { connect } from "../../support/raw.ts";
import { startServer, type TestServer, until } from "../../support/server.ts";

const TEXT = "0123456789";
const digestOf = (algorithm: string): string => createHash(algorithm).update(TEXT).digest("base64");

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await Bun.write(join(server.root, "file"), TEXT);
});
afterAll(() => server.stop());

async function digest(headers: Record<string, string>, method = "GET"): Promise<[number, string | null]> {
  const answer = await server.fetch("/files/file", { method, headers });
  await answer.arrayBuffer();
  return [answer.status, answer.headers.get("repr-digest")];
}

test("is computed only on request", async () => {
  expect(await digest({})).toEqual([200, null]);
  for (const wish of ["sha-256=0", "md5=9", "no dictionary"])
    expect(await digest({ "want-repr-digest": wish })).toEqual([200, null]);
});

test("is the same for the whole file, one range, several ranges, and HEAD", async () => {
  const want = { "want-repr-digest": "sha-256=5, sha-512=1" };
  const value = `sha-256=:${digestOf("sha256")}:`;
  expect(await digest(want)).toEqual([200, value]);
  expect(await digest(want, "HEAD")).toEqual([200, value]);
  expect(await digest({ ...want, range: "bytes=2-4" })).toEqual([206, value]);
  expect(await digest({ ...want, range: "bytes=2-4,6-7" })).toEqual([206, value]);
  expect(await digest({ ...want, "if-none-match": "*" })).toEqual([304, null]);
  expect(await digest({ "want-repr-digest": "sha-512=1" })).toEqual([200, `sha-512=:${digestOf("sha512")}:`]);
});

test("changes with the file", async () => {
  await server.fetch("/files/file", { method: "PUT", body: "other" });
  const [, value] = await digest({ "want-repr-digest": "sha-256=1" });
  expect(value).toBe(`sha-256=:${createHash("sha256").update("other").digest("base64")}:`);
});

test("is aborted when the client disconnects, and does not delay other requests", async () => {
  await Bun.write(join(server.root, "large"), Buffer.alloc(400_000_000));
  const connection = await connect(server.url);
  await connection.send(
    "HEAD /files/large HTTP/1.1\r\nHost: localhost\r\nWant-Repr-Digest: sha-512=1\r\n\r\n",
  );
  const pending = () => server.app.server?.pendingRequests ?? 0;
  await until("the computation has begun", () => pending() === 1);
  expect((await server.fetch("/health")).status).toBe(200);
  expect(connection.unread.length).toBe(0);
  connection.reset();
  await until("the computation is aborted", () => pending() === 0);
});
