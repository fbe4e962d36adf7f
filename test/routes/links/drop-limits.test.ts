// The limits of drops: bytes and files that are left, the largest file; reserved, spent, and given back.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { DroppedFiles } from "../../../src/routes/openapi/link-shapes.ts";
import { bodyIn } from "../../support/answer.ts";
import { dropOf, filesBelow, type LinkServer, putInto, startLinkServer } from "../../support/links.ts";
import { problemIn } from "../../support/problem.ts";
import { startServer, until } from "../../support/server.ts";
import { named, OFFSET_TYPE, TUS } from "../../support/tus-client.ts";

let server: LinkServer;
beforeAll(async () => {
  server = await startLinkServer();
});
afterAll(() => server.stop());

const put = putInto(() => server);
const linkOf = (id: string) => server.app.decorator.services.access.snapshot.links.get(id);

describe("the limits of a drop", () => {
  test("50 files at once, where 3 are left, get 3", async () => {
    const { id, url, path } = await dropOf(server, { maxFiles: 3 });
    const answers = await Promise.all(Array.from({ length: 50 }, (_, at) => put(url, `${at}.txt`)));
    const codes = Map.groupBy(answers, ({ status }) => status);
    expect([codes.get(201)?.length, codes.get(413)?.length]).toEqual([3, 47]);
    for (const full of codes.get(413) ?? []) await problemIn(full, "link_full");
    expect(filesBelow(join(server.root, path)).length).toBe(4);
    expect(linkOf(id)?.filesLeft).toBe(0);
  });

  test("bytes are reserved when an upload is created, and given back when it is deleted", async () => {
    const { id, url } = await dropOf(server, { maxBytes: 100 });
    const create = (length: number) =>
      server.fetch(`${url}/uploads`, {
        method: "POST",
        headers: { ...TUS, ...named("a.bin"), "upload-length": `${length}` },
      });
    const first = await create(60);
    expect(first.status).toBe(201);
    await problemIn(await create(60), "link_full");
    await problemIn(await put(url, "b.bin", "x".repeat(41)), "link_full");
    expect((await put(url, "b.bin", "x".repeat(40))).status).toBe(201);
    const upload = first.headers.get("location") ?? "";
    expect((await server.fetch(upload, { method: "DELETE", headers: TUS })).status).toBe(204);
    const third = await create(60);
    expect(third.status).toBe(201);
    const done = await server.fetch(third.headers.get("location") ?? "", {
      method: "PATCH",
      headers: { ...TUS, ...OFFSET_TYPE, "upload-offset": "0" },
      body: "y".repeat(60),
    });
    expect(done.status).toBe(204);
    expect(linkOf(id)?.bytesLeft).toBe(0);
    await problemIn(await create(1), "link_full");
  });

  test("an upload of unknown length, a form and a file that is too large end at the limit", async () => {
    const { id, url, path } = await dropOf(server, { maxBytes: 100, largest: 50 });
    const chunked = (bytes: number) =>
      server.fetch(`${url}/files/c.bin`, {
        method: "PUT",
        body: new ReadableStream({
          async start(controller) {
            for (let sent = 0; sent < bytes; sent += 10) controller.enqueue(new Uint8Array(10));
            controller.close();
          },
        }),
      });
    await problemIn(await put(url, "large", "x".repeat(51)), "file_too_large");
    await problemIn(await chunked(60), "file_too_large");
    expect((await chunked(50)).status).toBe(201);
    const form = new FormData();
    for (const name of ["one", "two", "three"]) form.append("file", new File(["x".repeat(25)], name));
    const answer = await server.fetch(`${url}/files/`, { method: "POST", body: form });
    expect(answer.status).toBe(207);
    const { files, errors } = await bodyIn(DroppedFiles, answer);
    expect([files.length, errors.map(({ code }) => code)]).toEqual([2, ["link_full"]]);
    expect(linkOf(id)?.bytesLeft).toBe(0);
    expect(filesBelow(join(server.root, path)).length).toBe(4);
  });

  test("what a failed upload has reserved is given back", async () => {
    const { id, url } = await dropOf(server, { maxBytes: 100, maxFiles: 1 });
    const wrong = { "repr-digest": `sha-256=:${Buffer.alloc(32).toString("base64")}:` };
    await problemIn(await put(url, "a", "x".repeat(100), wrong), "digest_mismatch");
    await problemIn(await put(url, "..%2Fx", "x"), "invalid_path");
    const aborted = new AbortController();
    const { promise: open, resolve } = Promise.withResolvers<ReadableStreamDefaultController<Uint8Array>>();
    const cut = server
      .fetch(`${url}/files/cut`, {
        method: "PUT",
        body: new ReadableStream({ start: resolve }),
        signal: aborted.signal,
      })
      .catch(() => "cut");
    (await open).enqueue(new Uint8Array(50));
    const { uploader, links } = server.app.decorator.services;
    await until("the upload runs", () => uploader.activeUploads.reports().length === 1);
    await problemIn(await put(url, "b"), "link_full");
    aborted.abort();
    await cut;
    await until("the bytes are given back", () => links.budgets.reservedOf(id).files === 0);
    expect((await put(url, "a", "x".repeat(100))).status).toBe(201);
    expect(linkOf(id)).toMatchObject({ bytesLeft: 0, filesLeft: 0 });
  });

  test("concatenated uploads are not offered", async () => {
    const { url } = await dropOf(server);
    const options = await server.fetch(`${url}/uploads`, { method: "OPTIONS" });
    expect(options.headers.get("tus-extension")).not.toContain("concatenation");
    const part = { ...TUS, "upload-length": "3", "upload-concat": "partial" };
    await problemIn(
      await server.fetch(`${url}/uploads`, { method: "POST", headers: part }),
      "invalid_request",
    );
  });
});

test("an upload to a drop goes on after a restart, within the limits, and still tells nothing", async () => {
  const first = await startLinkServer();
  await Bun.write(join(first.root, "home/drop/own.txt"), "");
  const { id, url } = await first.link("home/drop", { kind: "drop", maxBytes: 6 });
  const create = async (from: { fetch: LinkServer["fetch"] }): Promise<string> => {
    const headers = { ...TUS, ...named("a.bin"), "upload-length": "5" };
    return (await from.fetch(`${url}/uploads`, { method: "POST", headers })).headers.get("location") ?? "";
  };
  const upload = await create(first);
  const patch = (from: { fetch: LinkServer["fetch"] }, at: string, offset: number, body: string) =>
    from.fetch(at, {
      method: "PATCH",
      headers: { ...TUS, ...OFFSET_TYPE, "upload-offset": `${offset}` },
      body,
    });
  expect((await patch(first, upload, 0, "ab")).status).toBe(204);
  await first.app.stop(true);
  await first.app.decorator.services.close();
  first.database.close();
  await using second = await startServer({ root: first.root, allow: new Set() });
  const rival = await create(second);
  expect((await patch(second, rival, 0, "12345")).status).toBe(204);
  await problemIn(await patch(second, upload, 2, "cde"), "link_full");
  expect(second.app.decorator.services.access.snapshot.links.get(id)?.bytesLeft).toBe(1);
  const head = await second.fetch(rival, { method: "HEAD", headers: TUS });
  expect([head.status, head.headers.get("etag"), head.headers.get("content-location")]).toEqual([
    200,
    null,
    null,
  ]);
  await second.stop();
  await rm(first.root, { recursive: true });
});
