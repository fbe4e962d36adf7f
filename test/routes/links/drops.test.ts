// Drops: uploads by people who see nothing. Limits, senders, and what nobody may learn about others.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { checkFolderPath } from "../../../src/path.ts";
import { DroppedFile, LinkInfo } from "../../../src/routes/openapi/link-shapes.ts";
import { bodyIn } from "../../support/answer.ts";
import {
  cookieOf,
  dropOf,
  filesBelow,
  type LinkServer,
  putInto,
  startLinkServer,
} from "../../support/links.ts";
import { problemIn } from "../../support/problem.ts";
import { named, OFFSET_TYPE, TUS } from "../../support/tus-client.ts";

let server: LinkServer;
beforeAll(async () => {
  server = await startLinkServer();
});
afterAll(() => server.stop());

const put = putInto(() => server);
const filesIn = (path: string): string[] => filesBelow(join(server.root, path));
const newDrop = () => dropOf(server);

describe("a sender", () => {
  test("has a folder for each visit, which begins with the date and the name (nextcloud#38706)", async () => {
    const { url, path } = await newDrop();
    const session = await server.fetch(`${url}/session`, { method: "POST", body: '{"name":"  Anna  Ö. "}' });
    const cookie = cookieOf(session);
    const { receipt } = await bodyIn(DroppedFile, await put(url, "a.txt", "1", { cookie }));
    await put(url, "sub/b.txt", "2", { cookie });
    const twin = await bodyIn(DroppedFile, await put(url, "a.txt", "3", { cookie }));
    expect(twin.receipt).toBe(receipt);
    const folder = `${new Date().toISOString().slice(0, 10)} Anna Ö. ${receipt}`;
    expect(filesIn(path)).toEqual([
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
    expect(filesIn(path)).toContain(`${new Date().toISOString().slice(0, 10)} Bob ${named.receipt}/a.txt`);
  });

  test("cannot have a name that is a path, invisible, or long", async () => {
    const { url, path } = await newDrop();
    for (const name of ["../..", "a/b", "a\\b", "a\u202Eb", "a\u0000b", "x".repeat(61), "a\nb/"]) {
      const body = JSON.stringify({ name });
      await problemIn(await server.fetch(`${url}/session`, { method: "POST", body }), "invalid_request");
      await problemIn(await put(url, `a.txt?from=${encodeURIComponent(name)}`), "invalid_request");
    }
    expect(filesIn(path)).toEqual(["own.txt"]);
  });

  test("cannot reach the folder of another one by a path or by a cookie", async () => {
    const { url, path } = await newDrop();
    const first = await put(url, "a.txt");
    const cookie = cookieOf(first);
    const [, value = ""] = cookie.split("=");
    const [text = "", seal = ""] = decodeURIComponent(value).split(".");
    const visit = JSON.parse(Buffer.from(text, "base64url").toString());
    const forged = Buffer.from(JSON.stringify({ ...visit, name: "Eve" })).toString("base64url");
    const before = filesIn(path);
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
    expect(filesIn(path).length).toBe(before.length + 1);
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
  const saved = filesIn(path).filter((name) => name.endsWith("t.txt"));
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

test("a hook is asked once about each file, also about one that is posted alone", async () => {
  const { url, path } = await newDrop();
  const asked: string[] = [];
  const receiver = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { data } = JSON.parse(await request.text());
      asked.push(data.path.split("/").at(-1));
      return new Response(null, { status: 204 });
    },
  });
  server.database.change("addHook", {
    events: ["upload.before"],
    path: checkFolderPath(path),
    kind: "webhook",
    target: receiver.url.href,
    secret: `whsec_${Buffer.alloc(32).toString("base64")}`,
    timeout: 5,
  });
  await server.read();
  try {
    expect((await put(url, "a.txt")).status).toBe(201);
    const posted = await server.fetch(`${url}/files/?name=b.txt`, { method: "POST", body: "text" });
    expect(posted.status).toBe(201);
    expect(posted.headers.get("server-timing")).toContain("network");
    const form = new FormData();
    form.append("file", new File(["text"], "c.txt"));
    expect((await server.fetch(`${url}/files/`, { method: "POST", body: form })).status).toBe(201);
    expect(asked).toEqual(["a.txt", "b.txt", "c.txt"]);
  } finally {
    const [hook] = server.app.decorator.services.access.snapshot.hooks;
    server.database.change("removeHook", { id: hook?.id ?? "" });
    await server.read();
    await receiver.stop(true);
  }
});
