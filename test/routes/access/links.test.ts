// /api/links: making, changing and closing links, and who may.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { LinkList, LinkShape } from "../../../src/routes/openapi/link-shapes.ts";
import { bearer } from "../../support/access.ts";
import { bodyIn } from "../../support/answer.ts";
import { type LinkServer, startLinkServer } from "../../support/links.ts";
import { problemIn } from "../../support/problem.ts";

let server: LinkServer;
let owner = "";
let bob = "";
beforeAll(async () => {
  server = await startLinkServer();
  server.database.account("olga", {}, { owner: true });
  server.database.account("bob", { home: "read,write", "home/bob": "all", "home/bob/closed": "read" });
  owner = server.database.token("olga");
  bob = server.database.token("bob");
  await server.read();
  await Bun.write(join(server.root, "home/bob/closed/x.txt"), "x");
});
afterAll(() => server.stop());

const as = (token: string, path: string, method = "GET", body?: unknown) =>
  server.fetch(path, {
    method,
    headers: bearer(token),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
const idsOf = async (token: string): Promise<string[]> =>
  (await bodyIn(LinkList, await as(token, "/api/links"))).links.map(({ id }) => id);

test("a link needs share, and read or write, at its path and everywhere below", async () => {
  await problemIn(await as(bob, "/api/links", "POST", { path: "home/album" }), "not_allowed");
  await problemIn(await as(bob, "/api/links", "POST", { path: "home/bob" }), "not_allowed");
  await problemIn(await as(bob, "/api/links", "POST", { path: "elsewhere" }), "not_found");
  await problemIn(
    await server.fetch("/api/links", { method: "POST", body: '{"path":"home"}' }),
    "login_required",
  );
  await problemIn(await as(server.anna, "/api/links", "POST", { path: "home/none" }), "not_found");
  for (const wrong of [
    { path: "home/album/a.txt", kind: "folder" },
    { path: "home/album/a.txt", kind: "drop" },
    { path: "home/album", kind: "file" },
    { path: "home/album", expires: "tomorrow" },
    { path: "home/album", downloads: -1 },
    { path: "home/album", rate: 0 },
    { path: "home/album", words: "all" },
  ])
    await problemIn(await as(server.anna, "/api/links", "POST", wrong), "invalid_request");
});

test("accounts see and change their own links only; an owner all (CVE-2026-54097)", async () => {
  const { id, url } = await server.link("home/album");
  expect(await idsOf(server.anna)).toContain(id);
  expect(await idsOf(owner)).toContain(id);
  expect(await idsOf(bob)).toEqual([]);
  for (const [path, method, body] of [
    [`/api/links/${id}`, "DELETE", undefined],
    [`/api/links/${id}`, "PATCH", { note: "mine" }],
    [`/api/links/${id}/renew`, "POST", undefined],
  ] as const)
    await problemIn(await as(bob, path, method, body), "not_found");
  expect((await server.fetch(`${url}/files/a.txt`)).status).toBe(200);
  expect((await as(owner, `/api/links/${id}`, "DELETE")).status).toBe(204);
  await problemIn(await server.fetch(`${url}/files/a.txt`), "link_gone");
});

test("a token that may not share sees no address of a link", async () => {
  await server.link("home/album");
  const narrow = server.database.token("anna", { words: "read", path: "home" });
  await server.read();
  expect(await idsOf(narrow)).toEqual([]);
});

test("editing a link keeps what is not sent, and its password", async () => {
  const { id, url } = await server.link("home/album", { password: "a password", note: "one", downloads: 7 });
  const answer = await server.api(`/api/links/${id}`, "PATCH", { note: "two", rate: 5_000_000 });
  expect(await bodyIn(LinkShape, answer)).toMatchObject({
    note: "two",
    downloads: 7,
    rate: 5_000_000,
    needsPassword: true,
  });
  expect(await (await server.fetch(`${url}/info`)).json()).toEqual({ needsPassword: true });
  await server.api(`/api/links/${id}`, "PATCH", { password: null });
  expect(await (await server.fetch(`${url}/info`)).json()).toMatchObject({
    needsPassword: false,
    note: "two",
  });
});

test("a wrong value of a limit is told with the type that it must have", async () => {
  const { id } = await server.link("home/album");
  for (const [member, value, type] of [
    ["rate", "fast", "integer"],
    // Elysia's own integers are also text, which has no minimum.
    ["rate", "0", "integer"],
    ["maxBytes", "-5", "integer"],
    ["downloads", 1.5, "integer"],
    ["password", 7, "string"],
  ] as const) {
    const answer = await server.api(`/api/links/${id}`, "PATCH", { [member]: value });
    const { errors } = await problemIn(answer, "invalid_request");
    expect(errors).toEqual([
      expect.objectContaining({ pointer: `/${member}`, detail: expect.stringContaining(type) }),
    ]);
  }
});

test("no hash of a password is in an answer (GHSA-833g-cqhp-h72j)", async () => {
  await server.link("home/album", { password: "a password" });
  expect(await (await server.api("/api/links")).text()).not.toMatch(/argon|\$2[aby]\$/);
});

test("a renewed link has another address, and the old one is dead", async () => {
  const { id, url } = await server.link("home/album");
  const renewed = await bodyIn(LinkShape, await server.api(`/api/links/${id}/renew`, "POST"));
  expect(renewed.url).not.toBe(url);
  await problemIn(await server.fetch(`${url}/info`), "not_found");
  expect((await server.fetch(`${renewed.url}/info`)).status).toBe(200);
});

test("a link has expired at its time", async () => {
  const { id, url } = await server.link("home/album", {
    expires: new Date(Date.now() + 3600_000).toISOString(),
  });
  expect((await server.fetch(`${url}/info`)).status).toBe(200);
  const past = { expires: new Date(Date.now() - 1000).toISOString() };
  expect(await bodyIn(LinkShape, await server.api(`/api/links/${id}`, "PATCH", past))).toMatchObject({
    state: "expired",
  });
  for (const path of ["", "/info", "/entries", "/files/a.txt", "/archive"])
    expect((await server.fetch(url + path)).status).toBe(410);
});
