// Resumable uploads after cut connections, restarts, completion and expiry.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { problemIn } from "../../support/problem.ts";
import { type ServerOptions, startServer, type TestServer, until } from "../../support/server.ts";
import { named, OFFSET_TYPE, TUS, type TusClient, tusClient } from "../../support/tus-client.ts";

let server: TestServer;
let client: TusClient;
beforeAll(async () => {
  server = await startServer();
  client = tusClient(server);
});
afterAll(() => server.stop());

/** Starts a PATCH whose body continues until it is cut. */
function endless(url: string, bytes: number) {
  const cut = new AbortController();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(bytes).fill(97)),
  });
  const answer = server.fetch(url, {
    method: "PATCH",
    headers: { ...TUS, ...OFFSET_TYPE, "upload-offset": "0" },
    body,
    signal: cut.signal,
  });
  return { answer, cut: () => cut.abort() };
}

const arriving = (path: string, bytes: number) => () =>
  server.app.decorator.services.uploader.activeUploads
    .reports()
    .some((report) => report.path === path && report.received === bytes);

describe("the bytes received before a connection was cut", () => {
  test("are kept", async () => {
    const url = await client.create({ "upload-length": "100000", ...named("cut.txt") });
    const request = endless(url, 60_000);
    await until("the bytes arrived", arriving("cut.txt", 60_000));
    request.cut();
    await request.answer.catch(() => {});
    expect(await client.offsetOf(url)).toBe("60000");
    await client.patch(url, 60_000, "b".repeat(40_000));
    expect(await client.text("cut.txt")).toBe("a".repeat(60_000) + "b".repeat(40_000));
  });

  test("are kept and reported immediately, even if the server has not noticed the cut", async () => {
    const url = await client.create({ "upload-length": "100000", ...named("dead.txt") });
    const request = endless(url, 60_000);
    await until("the bytes arrived", arriving("dead.txt", 60_000));
    expect(await client.offsetOf(url)).toBe("60000");
    await problemIn(await request.answer, "upload_locked");
  });

  test("are deleted when the upload is cancelled", async () => {
    const url = await client.create({ "upload-length": "100000", ...named("gone.txt") });
    const request = endless(url, 60_000);
    await until("the bytes arrived", arriving("gone.txt", 60_000));
    expect((await client.cancel(url)).status).toBe(204);
    await problemIn(await request.answer, "upload_locked");
    expect(await client.kept(url)).toEqual([]);
  });
});

/** Runs two servers on the same root, one after the other. */
async function restarted(
  first: (client: TusClient, server: TestServer) => Promise<void>,
  second: (client: TusClient, server: TestServer) => Promise<void>,
  options: ServerOptions = {},
): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "sluice-tus-"));
  try {
    for (const step of [first, second]) {
      await using server = await startServer({ ...options, root });
      await step(tusClient(server), server);
    }
  } finally {
    await rm(root, { recursive: true });
  }
}

describe("a completed upload is gone", () => {
  test.each<[string, (path: string) => Promise<unknown>]>([
    ["when its file was removed", (path) => rm(path)],
    ["when its file was moved", (path) => rename(path, `${path}.moved`)],
    ["when another has its name", (path) => Bun.write(path, "other")],
  ])("%s", async (name, change) => {
    for (const headers of [TUS, { "upload-draft-interop-version": "8" }]) {
      const url = await client.create({ "upload-length": "5", ...named(name) });
      const ask = () => server.fetch(url, { method: "HEAD", headers });
      await client.patch(url, 0, "hello");
      expect((await ask()).ok).toBe(true);
      await change(join(server.root, name));
      expect((await ask()).status).toBe(410);
      expect((await ask()).status).toBe(404);
      expect(await client.kept(url)).toEqual([]);
      await rm(join(server.root, name), { force: true });
    }
  });
});

describe("after a restart", () => {
  test("an upload can be resumed", async () => {
    let url = "";
    await restarted(
      async (client) => {
        url = await client.create({ "upload-length": "6", ...named("restart.txt") });
        await client.patch(url, 0, "abc");
      },
      async (client) => {
        expect((await client.head(url)).headers.get("upload-metadata")).toBe(
          named("restart.txt")["upload-metadata"],
        );
        expect((await client.patch(url, 3, "def")).status).toBe(204);
        expect(await client.text("restart.txt")).toBe("abcdef");
      },
    );
  });

  test("a completed upload is still known, and a partial one can be concatenated", async () => {
    let [whole, part] = ["", ""];
    await restarted(
      async (client) => {
        whole = await client.create({ "upload-length": "3", ...named("whole.txt") });
        await client.patch(whole, 0, "abc");
        part = await client.create({ "upload-length": "3", "upload-concat": "partial" });
        await client.patch(part, 0, "def");
      },
      async (client) => {
        expect((await client.head(whole)).headers.get("content-location")).toBe("/files/whole.txt");
        await client.create({ "upload-concat": `final;${part}`, ...named("part.txt") });
        expect(await client.text("part.txt")).toBe("def");
      },
    );
  });
});

describe("with --upload-expiry", () => {
  test("an unfinished upload is deleted without activity; the file of a finished one is kept", async () => {
    await using server = await startServer({ uploadExpiry: 1 });
    const client = tusClient(server);
    const finished = await client.create({ "upload-length": "3", ...named("finished.txt") });
    await client.patch(finished, 0, "abc");
    const unfinished = await client.create({ "upload-length": "9", ...named("unfinished.txt") });
    await client.patch(unfinished, 0, "abc");
    expect(await client.kept(unfinished)).toHaveLength(2);
    await until("all uploads have expired", async () => (await client.kept()).length === 0);
    expect([404, 410]).toContain((await client.head(unfinished)).status);
    expect(await client.text("finished.txt")).toBe("abc");
  });
});

test("--max-waiting limits the number of unfinished uploads that have bytes", async () => {
  await using server = await startServer({ maxWaiting: 2 });
  const client = tusClient(server);
  const one = await client.create({ "upload-length": "2" });
  const other = await client.create({ "upload-length": "2" });
  for (const url of [one, other]) await client.patch(url, 0, "a");
  const refused = await client.post({ "upload-length": "1" });
  expect(refused.headers.get("retry-after")).toBe("60");
  await problemIn(refused, "too_many_waiting");
  const whole = { method: "POST", headers: { "upload-complete": "?1" }, body: "a" };
  expect((await server.fetch("/uploads?path=whole", whole)).status).toBe(201);
  const bytes = { "upload-length": "1", "content-type": "application/offset+octet-stream" };
  expect((await client.post({ ...bytes, ...named("whole too") }, "a")).status).toBe(201);
  await client.patch(one, 1, "b");
  await client.create({ "upload-length": "1" });
});

test("one client behind a trusted proxy may have a quarter of the unfinished uploads", async () => {
  await using server = await startServer({ maxWaiting: 4, trustedProxy: ["127.0.0.0/8"] });
  const client = tusClient(server);
  const from = (address: string) =>
    client.post({ "upload-length": "2", ...OFFSET_TYPE, "x-forwarded-for": address }, "a");
  expect((await from("192.0.2.1")).status).toBe(201);
  await problemIn(await from("192.0.2.1"), "too_many_waiting");
  expect((await from("192.0.2.2")).status).toBe(201);
  const draft = { "upload-complete": "?0", "x-forwarded-for": "192.0.2.1" };
  await problemIn(
    await server.fetch("/uploads?path=a", { method: "POST", headers: draft, body: "a" }),
    "too_many_waiting",
  );
});

test("uploads without bytes lock nobody out", async () => {
  await using server = await startServer({ maxWaiting: 2 });
  const client = tusClient(server);
  const made: string[] = [];
  for (let number = 0; number < 5; number++) made.push(await client.create({ "upload-length": "1" }));
  const states = await Promise.all(made.map(async (url) => (await client.head(url)).status));
  expect(states).toEqual([404, 404, 404, 200, 200]);
  expect(await client.kept()).toHaveLength(4);
});

test("interrupted uploads do not count for --max-uploads", async () => {
  await using server = await startServer({ maxUploads: 1 });
  const client = tusClient(server);
  for (const name of ["a", "b"]) await client.create({ "upload-length": "1", ...named(name) });
  expect((await server.fetch("/files/c", { method: "PUT", body: "c" })).status).toBe(201);
});
