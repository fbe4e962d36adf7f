// Whatever runs for an account, token or session ends within a second of the change that takes the permission away.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, truncate } from "node:fs/promises";
import { join } from "node:path";
import { Job } from "../../../src/routes/openapi/change-shapes.ts";
import { type AccessServer, bearer, startAccessServer } from "../../support/access.ts";
import { bodyIn } from "../../support/answer.ts";
import { patient } from "../../support/patience.ts";
import { connect, type RawConnection } from "../../support/raw.ts";
import { until } from "../../support/server.ts";
import { TUS } from "../../support/tus-client.ts";
import { watchEvents } from "../../support/watch.ts";

/** More than the system's buffers hold, and sparse: no reader of these tests reads it to its end. */
const LARGE = 256 * 1024 * 1024;
const END = "HTTP/1.1\r\nHost: localhost\r\n";

let server: AccessServer;
let made = 0;
let olga = "";

beforeAll(async () => {
  server = await startAccessServer((database) => {
    database.account("olga", {}, { owner: true });
    olga = database.token("olga");
  });
  for (const folder of ["team", "other"]) {
    await mkdir(join(server.root, folder));
    await Bun.write(join(server.root, folder, "large.bin"), "");
    await truncate(join(server.root, folder, "large.bin"), LARGE);
  }
});
afterAll(() => server.stop());

/** A new account that may read and write in `team`, with a token. */
function account(): { name: string; token: string; header: string; headers: Record<string, string> } {
  made += 1;
  const name = `account-${made}`;
  server.database.account(name, { team: "read,write,replace", other: "read" });
  const token = server.database.token(name);
  const headers = bearer(token);
  return { name, token, header: `Authorization: ${headers.authorization}\r\n`, headers };
}
const ways = [
  [
    "its account is disabled",
    (name: string) => server.database.change("setDisabled", { name, disabled: true }),
  ],
  ["its grant is taken away", (name: string) => server.database.grant(name, { team: "none" })],
  [
    "its token is revoked",
    (name: string) => {
      const { secrets } = server.app.decorator.services.access.snapshot;
      for (const { id, account } of secrets.values())
        if (account === name) server.database.change("removeSecret", { id });
    },
  ],
] as const;

async function send(text: string): Promise<RawConnection> {
  const client = await connect(server.url);
  await client.send(text);
  return client;
}
/** How long after the change something ended, with the look at the database once a second. */
async function expectSoon(take: () => void, ended: Promise<unknown>): Promise<void> {
  const began = performance.now();
  take();
  await ended;
  // One second until the server looks, and then at once.
  expect(performance.now() - began).toBeLessThan(patient(1200));
}
const running = () => server.app.decorator.services.uploader.activeUploads.size;

describe.each(ways)("when %s", (_, take) => {
  test("a PUT ends with a problem and leaves nothing", async () => {
    const { name, header } = account();
    await server.read();
    using client = await send(`PUT /files/team/cut.txt ${END}${header}Content-Length: 10\r\n\r\nhello`);
    await until("it arrives", () => running() === 1);
    const answer = client.answer();
    await expectSoon(() => take(name), answer);
    expect(JSON.parse((await answer).text)).toMatchObject({ code: "revoked", status: 403 });
    expect(await Bun.file(join(server.root, "team/cut.txt")).exists()).toBe(false);
  });

  test("a download is cut", async () => {
    const { name, header } = account();
    await server.read();
    using client = await send(`GET /files/team/large.bin ${END}${header}\r\n`);
    await until("it arrives", () => client.unread.length > 0);
    client.pause();
    const cuts = () => server.log.filter((line) => line.includes("revoked team/large.bin")).length;
    const before = cuts();
    await expectSoon(
      () => take(name),
      until("it is cut", () => cuts() > before),
    );
    client.resume();
    await client.closed;
    expect(client.unread.length).toBeLessThan(LARGE);
  });
});

test("what is still allowed goes on", async () => {
  const { name, header } = account();
  await server.read();
  using upload = await send(`PUT /files/team/kept.txt ${END}${header}Content-Length: 10\r\n\r\nhello`);
  using download = await send(`GET /files/other/large.bin ${END}${header}\r\n`);
  await until("both run", () => running() === 1 && download.unread.length > 0);
  server.database.grant(name, { other: "list,read", "team/sub": "none" });
  await server.read();
  await upload.send("world");
  expect(await upload.answer()).toMatchObject({ status: 201 });
  const before = download.unread.length;
  await until("more arrives", () => download.unread.length > before || download.unread.length > LARGE);
});

test("an archive is cut when a folder in it may not be read any more", async () => {
  const { name, header } = account();
  server.database.grant(name, { "": "read" });
  await server.read();
  using client = await send(`GET /api/archive?folder= ${END}${header}\r\n`);
  await until("it arrives", () => client.unread.length > 0);
  client.pause();
  const cut = () => server.log.some((line) => line.includes("revoked files.zip"));
  await expectSoon(() => server.database.grant(name, { team: "none" }), until("it is cut", cut));
  client.resume();
  await client.closed;
});

test("a form and a resumable upload end, and the bytes of the latter are kept", async () => {
  const { name, headers, header } = account();
  await server.read();
  const tus = { ...headers, ...TUS };
  const creation = await server.fetch("/uploads?path=team/resumable", {
    method: "POST",
    headers: { ...tus, "upload-length": "10" },
  });
  const url = creation.headers.get("location") ?? "";
  using patch = await send(
    `PATCH ${url} ${END}Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: 10\r\n\r\nhello`,
  );
  using form = await send(
    `POST /files/team/ ${END}${header}Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000\r\n\r\n--x\r\nContent-Disposition: form-data; name="file"; filename="form.txt"\r\n\r\nhello`,
  );
  await until("both arrive", () => running() === 2);
  await expectSoon(
    () => server.database.grant(name, { team: "read" }),
    Promise.all([
      patch.answer().then((answer) => expect(answer.text).toContain("revoked")),
      form.answer().then((answer) => expect(answer.text).toContain("revoked")),
    ]),
  );
  expect((await server.fetch(url, { method: "HEAD", headers: tus })).status).toBe(403);
  server.database.grant(name, { team: "read,write" });
  await server.read();
  const found = await server.fetch(url, { method: "HEAD", headers: tus });
  expect([found.status, found.headers.get("upload-offset")]).toEqual([200, "5"]);
});

test("an event stream ends, and a narrower one leaves out what is not allowed any more", async () => {
  const one = account();
  const other = account();
  await server.read();
  using ended = await watchEvents(server.url, undefined, one.headers);
  using narrower = await watchEvents(server.url, undefined, other.headers);
  using upload = await send(
    `PUT /files/team/watched.txt ${END}Authorization: Bearer ${olga}\r\nContent-Length: 10\r\n\r\n`,
  );
  await until("it is seen", () => narrower.received.at(-1)?.data.uploads?.length === 1);
  await expectSoon(
    () => server.database.change("setDisabled", { name: one.name, disabled: true }),
    ended.ended,
  );
  server.database.grant(other.name, { team: "none" });
  await server.read();
  await until("an empty list", () => narrower.received.at(-1)?.data.uploads?.length === 0);
  upload.halfClose();
});

test("a copy fails when its source may not be read any more", async () => {
  const { name, headers } = account();
  const { jobs } = server.app.decorator.services;
  await server.read();
  const copied = await server.fetch("/api/copy", {
    method: "POST",
    headers: { ...headers, prefer: "respond-async" },
    body: JSON.stringify({ from: "other/large.bin", to: "team/copy.bin" }),
  });
  expect(copied.status).toBe(202);
  await server.read();
  const url = copied.headers.get("location") ?? "";
  const report = async () => (await bodyIn(Job, await server.fetch(url, { headers: bearer(olga) }))).job;
  server.database.grant(name, { other: "none" });
  await until("it ends", async () => !["waiting", "running"].includes((await report()).state));
  // A fast disk may have copied it before.
  if ((await report()).state !== "done") expect((await report()).error?.code).toBe("revoked");
  await jobs.cancel(url.split("/").at(-1) ?? "");
});
