// Drops: uploads by people who see nothing. Limits, senders, and what nobody may learn about others.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { DroppedFile, DroppedFiles, LinkInfo } from "../../../src/routes/openapi/link-shapes.ts";
import { bodyIn } from "../../support/answer.ts";
import { cookieOf, type LinkServer, startLinkServer } from "../../support/links.ts";
import { problemIn } from "../../support/problem.ts";
import { until } from "../../support/server.ts";
import { named, OFFSET_TYPE, TUS } from "../../support/tus-client.ts";

let server: LinkServer;
let count = 0;
beforeAll(async () => {
  server = await startLinkServer();
});
afterAll(() => server.stop());

/** A drop with a folder of its own. */
async function newDrop(
  more: Record<string, unknown> = {},
): Promise<{ id: string; url: string; path: string }> {
  count += 1;
  const path = `home/drop${count}`;
  await Bun.write(join(server.root, path, "own.txt"), "the owner's file");
  return { ...(await server.link(path, { kind: "drop", ...more })), path };
}
const put = (url: string, name: string, body = "text", headers: Record<string, string> = {}) =>
  server.fetch(`${url}/files/${name}`, { method: "PUT", body, headers });
const filesIn = async (path: string): Promise<string[]> =>
  [...new Bun.Glob("**").scanSync(join(server.root, path))].sort();
const linkOf = (id: string) => server.app.decorator.services.access.snapshot.links.get(id);

describe("a sender", () => {
  test("has a folder for each visit, which begins with the date and the name", async () => {
    const { url, path } = await newDrop({ askName: true });
    const session = await server.fetch(`${url}/session`, { method: "POST", body: '{"name":"  Anna  Ö. "}' });
    const cookie = cookieOf(session);
    const { receipt } = await bodyIn(DroppedFile, await put(url, "a.txt", "1", { cookie }));
    await put(url, "sub/b.txt", "2", { cookie });
    const twin = await bodyIn(DroppedFile, await put(url, "a.txt", "3", { cookie }));
    expect(twin.receipt).toBe(receipt);
    const folder = `${new Date().toISOString().slice(0, 10)} Anna Ö. ${receipt}`;
    expect(await filesIn(path)).toEqual([
      `${folder}/a (1).txt`,
      `${folder}/a.txt`,
      `${folder}/sub/b.txt`,
      "own.txt",
    ]);
    const info = await bodyIn(LinkInfo, await server.fetch(`${url}/info`, { headers: { cookie } }));
    expect(info).toMatchObject({ kind: "drop", sender: "Anna Ö.", receipt });
    // Without the cookie, and with another name, it is another visit.
    const other = await bodyIn(DroppedFile, await put(url, "a.txt"));
    expect(other.receipt).not.toBe(receipt);
    expect(other.name).toBe("a.txt");
    const named = await bodyIn(DroppedFile, await put(url, "a.txt?from=Bob", "5", { cookie }));
    expect(named.name).toBe("a.txt");
    expect(await filesIn(path)).toContain(
      `${new Date().toISOString().slice(0, 10)} Bob ${named.receipt}/a.txt`,
    );
  });

  test("cannot have a name that is a path, invisible, or long", async () => {
    const { url, path } = await newDrop();
    for (const name of ["../..", "a/b", "a\\b", "a\u202Eb", "a\u0000b", "x".repeat(61), "a\nb/"]) {
      const body = JSON.stringify({ name });
      await problemIn(await server.fetch(`${url}/session`, { method: "POST", body }), "invalid_request");
      await problemIn(await put(url, `a.txt?from=${encodeURIComponent(name)}`), "invalid_request");
    }
    expect(await filesIn(path)).toEqual(["own.txt"]);
  });

  test("cannot reach the folder of another one by a path or by a cookie", async () => {
    const { url, path } = await newDrop();
    const first = await put(url, "a.txt");
    const cookie = cookieOf(first);
    const [, value = ""] = cookie.split("=");
    const [text = "", seal = ""] = decodeURIComponent(value).split(".");
    const visit = JSON.parse(Buffer.from(text, "base64url").toString());
    const forged = Buffer.from(JSON.stringify({ ...visit, name: "Eve" })).toString("base64url");
    const before = await filesIn(path);
    const other = await bodyIn(
      DroppedFile,
      await put(url, "b.txt", "", { cookie: `sluice-visit=${forged}.${seal}` }),
    );
    expect(other.receipt).not.toBe(visit.id);
    for (const name of ["..%2Fb.txt", "%2e%2e/b.txt", `..%2F${visit.id}/b.txt`])
      expect((await put(url, name)).status).toBeGreaterThan(399);
    const { url: elsewhere } = await newDrop();
    expect((await bodyIn(DroppedFile, await put(elsewhere, "b.txt", "", { cookie }))).receipt).not.toBe(
      visit.id,
    );
    expect((await filesIn(path)).length).toBe(before.length + 1);
  });
});

test("nothing is learned about other files: by no status, header, conflict or condition", async () => {
  const { url, path } = await newDrop();
  const { receipt } = await bodyIn(DroppedFile, await put(url, "known.txt", "known"));
  const taken = [`${new Date().toISOString().slice(0, 10)} ${receipt}`, "own.txt", "known.txt"];
  const shape = async (answer: Response): Promise<unknown> => {
    const { name: _, receipt: __, flow: ___, ...rest } = JSON.parse((await answer.text()) || "{}");
    const skipped = ["date", "content-length", "server-timing", "set-cookie", "x-request-id"];
    const headers = [...answer.headers].filter(([name]) => !skipped.includes(name));
    return { status: answer.status, headers, ...rest, instance: "" };
  };
  const digest = {
    "repr-digest": `sha-256=:${new Bun.CryptoHasher("sha256").update("known").digest("base64")}:`,
  };
  for (const name of taken)
    for (const headers of [{}, digest, { "idempotency-key": '"the same"' }]) {
      const existing = await shape(await put(url, encodeURIComponent(name), "known", headers));
      const missing = await shape(await put(url, "none.xyz", "known", headers));
      expect(existing).toEqual(missing);
      expect(existing).toMatchObject({ status: 201 });
    }
  for (const headers of [
    { "if-none-match": "*" },
    { "if-match": "*" },
    { "if-unmodified-since": "Thu, 01 Jan 2026 00:00:00 GMT" },
  ])
    await problemIn(await put(url, "known.txt", "known", headers), "invalid_request");
  for (const query of ["conflict=fail", "conflict=replace"])
    await problemIn(await put(url, `known.txt?${query}`), "invalid_request");
  // Reading is the same for what exists and what does not.
  for (const at of ["known.txt", "own.txt", "none.xyz", ""]) {
    await problemIn(await server.fetch(`${url}/files/${at}`), "not_found");
    expect((await server.fetch(`${url}/files/${at}`, { method: "HEAD" })).status).toBe(404);
  }
  for (const at of ["/entries", "/archive", `/entries?folder=${taken[0]}`])
    await problemIn(await server.fetch(url + at), "not_found");
  for (const method of ["DELETE", "PATCH", "PROPFIND", "MOVE"])
    expect((await server.fetch(`${url}/files/own.txt`, { method })).status).toBe(405);
  expect(await Bun.file(join(server.root, path, "own.txt")).text()).toBe("the owner's file");
  // The cookie of a drop opens nothing else.
  await problemIn(await server.fetch(`/api/entries?folder=${path}`), "login_required");
});

describe("the limits of a drop", () => {
  test("50 files at once, where 3 are left, get 3", async () => {
    const { id, url, path } = await newDrop({ maxFiles: 3 });
    const answers = await Promise.all(Array.from({ length: 50 }, (_, at) => put(url, `${at}.txt`)));
    const codes = Map.groupBy(answers, ({ status }) => status);
    expect([codes.get(201)?.length, codes.get(413)?.length]).toEqual([3, 47]);
    for (const full of codes.get(413) ?? []) await problemIn(full, "link_full");
    expect((await filesIn(path)).length).toBe(4);
    expect(linkOf(id)?.filesLeft).toBe(0);
  });

  test("bytes are reserved when an upload is created, and given back when it is deleted", async () => {
    const { id, url } = await newDrop({ maxBytes: 100 });
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
    const { id, url, path } = await newDrop({ maxBytes: 100, largest: 50 });
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
    expect((await filesIn(path)).length).toBe(4);
  });

  test("what a failed upload has reserved is given back", async () => {
    const { id, url } = await newDrop({ maxBytes: 100, maxFiles: 1 });
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
    const { url } = await newDrop();
    const options = await server.fetch(`${url}/uploads`, { method: "OPTIONS" });
    expect(options.headers.get("tus-extension")).not.toContain("concatenation");
    const part = { ...TUS, "upload-length": "3", "upload-concat": "partial" };
    await problemIn(
      await server.fetch(`${url}/uploads`, { method: "POST", headers: part }),
      "invalid_request",
    );
  });
});

test("the upload of a sender is the sender's alone, and DELETE leaves a finished file (CVE-2026-29188, CVE-2025-22137)", async () => {
  const { url, path } = await newDrop();
  const created = await server.fetch(`${url}/uploads`, {
    method: "POST",
    headers: { ...TUS, ...named("../../evil.txt"), "upload-length": "1" },
  });
  await problemIn(created, "invalid_path");
  const upload = await server.fetch(`${url}/uploads`, {
    method: "POST",
    headers: { ...TUS, ...named("t.txt"), ...OFFSET_TYPE, "upload-length": "4" },
    body: "text",
  });
  const location = upload.headers.get("location") ?? "";
  expect((await server.fetch(location, { method: "DELETE", headers: TUS })).status).toBe(204);
  const saved = (await filesIn(path)).filter((name) => name.endsWith("t.txt"));
  expect(saved.length).toBe(1);
  await problemIn(
    await server
      .fetch("/uploads/AAAAAAAAAAAAAAAAAAAAAA", { method: "HEAD", headers: TUS })
      .then(async (answer) => {
        expect(answer.status).toBe(404);
        return await server.fetch("/uploads/AAAAAAAAAAAAAAAAAAAAAA", { method: "DELETE", headers: TUS });
      }),
    "not_found",
  );
});

test("a drop whose folder is gone takes nothing, and makes no folder", async () => {
  const { url, path } = await newDrop();
  await rm(join(server.root, path), { recursive: true });
  await problemIn(await put(url, "a.txt"), "link_gone");
  expect(await readdir(join(server.root, "home"))).not.toContain(path.slice(5));
});
