// Links to files and folders over HTTP: what visitors see, and what they do not.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { DroppedFile, DroppedFiles, LinkInfo } from "../../../src/routes/openapi/link-shapes.ts";
import { Listing } from "../../../src/routes/openapi/shapes.ts";
import { basic } from "../../support/access.ts";
import { bodyIn } from "../../support/answer.ts";
import { cookieOf, type LinkServer, startLinkServer } from "../../support/links.ts";
import { problemIn } from "../../support/problem.ts";
import { named, OFFSET_TYPE, TUS } from "../../support/tus-client.ts";

let server: LinkServer;
beforeAll(async () => {
  server = await startLinkServer();
});
afterAll(() => server.stop());

test("a link to a folder lists it, sends its files, and an archive of it", async () => {
  const { url } = await server.link("home/album", { note: "Look!" });
  expect(url).toMatch(/^\/s\/[\w-]{30}$/);
  const page = await server.fetch(url, { headers: { accept: "text/html" } });
  expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  expect(page.headers.get("referrer-policy")).toBe("no-referrer");
  expect(await (await server.fetch(`${url}/info`)).json()).toMatchObject({
    needsPassword: false,
    kind: "folder",
    name: "album",
    note: "Look!",
  });
  const listing = await bodyIn(Listing, await server.fetch(`${url}/entries`));
  expect(listing.entries.map(({ path }) => path)).toEqual(["a.txt", "b.txt", "sub"]);
  expect(JSON.stringify(listing)).not.toContain("home");
  for (const { url: file, kind, name } of listing.entries)
    if (kind === "file") expect(await (await server.fetch(file)).text()).toBe(`the file ${name}`);
  const archive = await server.fetch(`${url}/archive?format=tar`);
  expect(await archive.text()).toContain("the file sub/c.txt");
});

test("a drop takes files by PUT, and tells nothing about them", async () => {
  const { url } = await server.link("home/album", { kind: "drop" });
  const answer = await server.fetch(`${url}/files/new.txt`, { method: "PUT", body: "from outside" });
  expect(answer.status).toBe(201);
  const saved = await bodyIn(DroppedFile, answer);
  expect(Object.keys(saved).sort()).toEqual(["flow", "name", "receipt", "size"]);
  for (const name of ["etag", "location", "content-location"]) expect(answer.headers.get(name)).toBeNull();
  const folder = new Bun.Glob(`home/album/* ${saved.receipt}/new.txt`);
  expect([...folder.scanSync(server.root)].length).toBe(1);
  await problemIn(await server.fetch(`${url}/entries`), "not_found");
  await problemIn(await server.fetch(`${url}/files/a.txt`), "not_found");
  expect(cookieOf(answer)).toStartWith("sluice-visit=");
});

test("a password opens a link for the browser that sends it, and nothing is told before (GHSA-525j-95gf-766f, CVE-2026-27611)", async () => {
  const { url } = await server.link("home/album", { password: "open sesame", note: "the note" });
  expect(await (await server.fetch(`${url}/info`)).json()).toEqual({ needsPassword: true });
  for (const path of ["/entries", "/files/a.txt", "/files/none", "/archive"])
    await problemIn(await server.fetch(url + path), "link_password");
  const open = (password: string) =>
    server.fetch(`${url}/session`, { method: "POST", body: JSON.stringify({ password }) });
  await problemIn(await open("wrong"), "link_password");
  const answer = await open("open sesame");
  expect(answer.status).toBe(204);
  const cookie = cookieOf(answer);
  expect(await (await server.fetch(`${url}/files/a.txt`, { headers: { cookie } })).text()).toBe(
    "the file a.txt",
  );
  const info = await bodyIn(LinkInfo, await server.fetch(`${url}/info`, { headers: { cookie } }));
  expect(info.note).toBe("the note");
  const other = await server.link("home/album", { password: "open sesame" });
  await problemIn(await server.fetch(`${other.url}/entries`, { headers: { cookie } }), "link_password");
  const headers = basic("x", "open sesame");
  expect((await server.fetch(`${url}/files/a.txt`, { headers })).status).toBe(200);
});

test("a form, tus and Resumable Uploads save files in a drop (nextcloud/server#4109, nextcloud/server#12321)", async () => {
  const { url } = await server.link("home/album", { kind: "drop" });
  const form = new FormData();
  form.append("file", new File(["one"], "folder/one.txt"));
  form.append("file", new File(["two"], "two.txt"));
  const posted = await server.fetch(`${url}/files/`, { method: "POST", body: form });
  const { files } = await bodyIn(DroppedFiles, posted);
  expect(files.map(({ name }) => name)).toEqual(["one.txt", "two.txt"]);
  const created = await server.fetch(`${url}/uploads`, {
    method: "POST",
    headers: { ...TUS, ...named("tus.txt"), "upload-length": "3" },
  });
  expect(created.status).toBe(201);
  const upload = created.headers.get("location") ?? "";
  const done = await server.fetch(upload, {
    method: "PATCH",
    headers: { ...TUS, ...OFFSET_TYPE, "upload-offset": "0" },
    body: "tus",
  });
  expect(done.status).toBe(204);
  const head = await server.fetch(upload, { method: "HEAD", headers: TUS });
  for (const answer of [created, done, head])
    for (const name of ["etag", "content-location"]) expect(answer.headers.get(name)).toBeNull();
  const resumable = await server.fetch(`${url}/uploads`, {
    method: "POST",
    headers: {
      "upload-complete": "?1",
      "upload-draft-interop-version": "8",
      "content-disposition": 'attachment; filename="ietf.txt"',
    },
    body: "ietf",
  });
  expect(Object.keys(await bodyIn(DroppedFile, resumable)).sort()).toEqual([
    "flow",
    "name",
    "receipt",
    "size",
  ]);
  const saved = [...new Bun.Glob("home/album/*/**").scanSync(server.root)].map((path) =>
    path.split("/").slice(3).join("/"),
  );
  for (const path of ["folder/one.txt", "two.txt", "tus.txt", "ietf.txt"]) expect(saved).toContain(path);
});

test("hooks are told who uses a link, once for each download", async () => {
  const { id, url } = await server.link("home/album");
  const { hooks } = server.app.decorator.services;
  const events: unknown[] = [];
  const emit = hooks.emit.bind(hooks);
  hooks.emit = (event) => void events.push([event.type, event.path, event.by.via, event.by.credential]);
  await server.fetch(`${url}/files/a.txt`, { method: "HEAD" });
  for (const range of ["bytes=0-3", "bytes=4-"])
    expect((await server.fetch(`${url}/files/a.txt`, { headers: { range } })).status).toBe(206);
  await (await server.fetch(`${url}/archive`)).bytes();
  hooks.emit = emit;
  expect(events).toEqual([
    ["link.used", "home/album/a.txt", "link", id],
    ["link.used", "home/album", "link", id],
  ]);
});

test("a link works below --base-path", async () => {
  await using based = await startLinkServer({ basePath: "/base" });
  const { url } = await based.link("home/album");
  expect(url).toMatch(/^\/base\/s\/[\w-]{30}$/);
  const page = await based.fetch(url);
  expect(page.headers.get("set-cookie")).toContain(`Path=${url};`);
  const { entries } = await bodyIn(Listing, await based.fetch(`${url}/entries`));
  expect(entries[0]?.url).toBe(`${url}/files/a.txt`);
  expect(await (await based.fetch(entries[0]?.url ?? "")).text()).toBe("the file a.txt");
});
