// DELETE /api/uploads/{id}: an operator cancels uploads of any client, running or waiting.

import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Grant } from "../../../src/config/config.ts";
import { Uploads } from "../../../src/routes/openapi/shapes.ts";
import { bodyIn } from "../../support/answer.ts";
import { problemIn } from "../../support/problem.ts";
import { connect } from "../../support/raw.ts";
import { startServer, type TestServer, until } from "../../support/server.ts";

const HEAD = "HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: the-upload\r\nContent-Length: 10\r\n";
const TUS = { "tus-resumable": "1.0.0", "x-request-id": "the-upload" };
const BYTES = { ...TUS, "content-type": "application/offset+octet-stream" };

const cancel = (server: TestServer, id = "the-upload") =>
  server.fetch(`/api/uploads/${id}`, { method: "DELETE" });
const listed = async (server: TestServer) =>
  (await bodyIn(Uploads, await server.fetch("/api/uploads"))).uploads;
const arriving = (server: TestServer) =>
  until("it arrives", async () => (await listed(server)).some(({ received }) => received === 5));

test("a running PUT ends at once with a problem, and leaves no file", async () => {
  await using server = await startServer();
  using client = await connect(server.url);
  await client.send(`PUT /files/a ${HEAD}\r\nhello`);
  await arriving(server);
  expect((await cancel(server)).status).toBe(204);
  expect(await client.answer()).toMatchObject({ status: 410 });
  expect(await listed(server)).toEqual([]);
  expect((await server.fetch("/files/a")).status).toBe(404);
  await problemIn(await cancel(server), "not_found");
});

test("a running PATCH ends with a problem, and its upload stays cancelled after a restart", async () => {
  const root = await mkdtemp(join(tmpdir(), "sluice-cancel-"));
  await using _ = { [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
  await using server = await startServer({ root });
  const made = await server.fetch("/uploads?path=a", {
    method: "POST",
    headers: { ...TUS, "upload-length": "10" },
  });
  const url = made.headers.get("location") ?? "";
  using client = await connect(server.url);
  await client.send(
    `PATCH ${url} ${HEAD}Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\n\r\nhello`,
  );
  await arriving(server);
  expect((await cancel(server)).status).toBe(204);
  expect(await client.answer()).toMatchObject({
    status: 410,
    text: expect.stringContaining("upload_cancelled"),
  });
  const resume = { method: "PATCH", headers: { ...BYTES, "upload-offset": "5" }, body: "world" };
  await problemIn(await server.fetch(url, resume), "upload_cancelled");
  await server.stop();
  await using next = await startServer({ root });
  await problemIn(await next.fetch(url, resume), "upload_cancelled");
  expect(await listed(next)).toEqual([]);
});

test("a waiting upload is cancelled by the id in the list, which gives no access to it", async () => {
  await using server = await startServer();
  const made = await server.fetch("/uploads?path=a", {
    method: "POST",
    headers: { ...BYTES, "upload-length": "10" },
    body: "hello",
  });
  const [shown] = await listed(server);
  expect(shown).toMatchObject({ path: "a", state: "waiting", received: 5 });
  expect((await cancel(server, shown?.id)).status).toBe(204);
  const head = await server.fetch(made.headers.get("location") ?? "", { method: "HEAD", headers: TUS });
  expect(head.status).toBe(410);
  expect(await listed(server)).toEqual([]);
});

test("a cancelled file of a form does not affect the others", async () => {
  await using server = await startServer();
  using client = await connect(server.url);
  const part = (name: string) =>
    `--b\r\nContent-Disposition: form-data; name="f"; filename="${name}"\r\n\r\n`;
  await client.send(
    "POST /files/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n",
  );
  const chunk = (text: string) => client.send(`${text.length.toString(16)}\r\n${text}\r\n`);
  await chunk(`${part("a")}hello`);
  await until("it arrives", async () => (await listed(server)).length === 1);
  const [shown] = await listed(server);
  expect((await cancel(server, shown?.id)).status).toBe(204);
  await chunk(`more\r\n${part("b")}hello\r\n--b--\r\n`);
  await client.send("0\r\n\r\n");
  expect(await client.answer()).toMatchObject({
    status: 207,
    text: expect.stringContaining("upload_cancelled"),
  });
  expect((await server.fetch("/files/a")).status).toBe(404);
  expect(await (await server.fetch("/files/b")).text()).toBe("hello");
});

test("it needs the grant delete", async () => {
  await using server = await startServer({ allow: new Set<Grant>(["read", "write"]) });
  await problemIn(await cancel(server), "not_allowed");
});
