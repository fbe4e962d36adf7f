// A link never shows more than what it is for: siblings, parents, symbolic links, grants that its maker has lost.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { Listing } from "../../../src/routes/openapi/shapes.ts";
import { basic, PASSWORD, PASSWORD_HASH } from "../../support/access.ts";
import { bodyIn } from "../../support/answer.ts";
import { type LinkServer, startLinkServer } from "../../support/links.ts";
import { problemIn } from "../../support/problem.ts";
import { connect } from "../../support/raw.ts";

let server: LinkServer;
beforeAll(async () => {
  server = await startLinkServer();
});
afterAll(() => server.stop());

const names = async (url: string, query = ""): Promise<string[]> =>
  (await bodyIn(Listing, await server.fetch(`${url}/entries${query}`))).entries.map(({ name }) => name);

test("a link to one file shows no sibling of it (CVE-2025-58753)", async () => {
  const { url } = await server.link("home/album/a.txt");
  expect(await names(url)).toEqual(["a.txt"]);
  expect(await (await server.fetch(`${url}/files/a.txt`)).text()).toBe("the file a.txt");
  for (const path of ["b.txt", "", "home/album/a.txt", "a.txt/x", "sub/c.txt"])
    await problemIn(await server.fetch(`${url}/files/${path}`), "not_found");
  await problemIn(await server.fetch(`${url}/entries?folder=sub`), "not_found");
  const archive = await (await server.fetch(`${url}/archive?format=tar`)).text();
  expect(archive).toContain("the file a.txt");
  expect(archive).not.toContain("b.txt");
});

test("no path leads out of a link (CVE-2026-44542, CVE-2026-48777)", async () => {
  const { url } = await server.link("home/album");
  using raw = await connect(server.url);
  for (const path of [
    "../secret.txt",
    "..%2fsecret.txt",
    "%2e%2e/secret.txt",
    "sub/../../secret.txt",
    "..%5csecret.txt",
    "%252e%252e/secret.txt",
    "/home/secret.txt",
    "sub/..%00/secret.txt",
  ]) {
    await raw.send(`GET ${url}/files/${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const answer = await raw.answer();
    expect([path, answer.status >= 400]).toEqual([path, true]);
    expect(answer.text).not.toContain("the secret");
  }
  for (const folder of ["..", "../", "sub/../..", "/home"])
    for (const route of ["entries", "archive"]) {
      const answer = await server.fetch(`${url}/${route}?folder=${encodeURIComponent(folder)}`);
      expect([folder, answer.status >= 400]).toEqual([folder, true]);
    }
});

test("a symbolic link below a link leads nowhere else (CVE-2026-54094)", async () => {
  const { url } = await server.link("home/album");
  await symlink("../secret.txt", join(server.root, "home/album/escape.txt"));
  await symlink("..", join(server.root, "home/album/up"));
  await symlink("a.txt", join(server.root, "home/album/inside.txt"));
  await problemIn(await server.fetch(`${url}/files/escape.txt`), "not_found");
  await problemIn(await server.fetch(`${url}/files/up/secret.txt`), "not_found");
  expect(await (await server.fetch(`${url}/files/inside.txt`)).text()).toBe("the file a.txt");
  expect(await names(url)).not.toContain("escape.txt");
  expect((await server.fetch(`${url}/entries?folder=up`)).status).toBe(404);
  const archive = await (await server.fetch(`${url}/archive?format=tar`)).text();
  expect(archive).not.toContain("the secret");
});

test("a nearer rule that refuses its maker filters listings, files and archives", async () => {
  const { url } = await server.link("home/album");
  server.database.grant("anna", { "home/album/sub": "none" });
  await server.read();
  expect(await names(url)).not.toContain("sub");
  await problemIn(await server.fetch(`${url}/files/sub/c.txt`), "not_found");
  await problemIn(await server.fetch(`${url}/entries?folder=sub`), "not_found");
  expect(await (await server.fetch(`${url}/archive?format=tar`)).text()).not.toContain("sub/c.txt");
  server.database.change("setGrant", { subject: "anna", path: "home/album/sub", words: null });
  await server.read();
});

test("a link ends with the grants of its maker, and comes back with them (CVE-2026-35604)", async () => {
  const shared = await server.link("home/album");
  const drop = await server.link("home/album", { kind: "drop" });
  const put = () => server.fetch(`${drop.url}/files/x.txt`, { method: "PUT", body: "x" });
  server.database.grant("anna", { home: "none" });
  await server.read();
  await problemIn(await server.fetch(`${shared.url}/files/a.txt`), "link_gone");
  await problemIn(await put(), "link_gone");
  server.database.grant("anna", { home: "all" });
  await server.read();
  expect((await server.fetch(`${shared.url}/files/a.txt`)).status).toBe(200);
  expect((await put()).status).toBe(201);
  server.database.change("addAccount", { name: "root", password: null, owner: true });
  server.database.change("setDisabled", { name: "anna", disabled: true });
  await server.read();
  await problemIn(await server.fetch(`${shared.url}/files/a.txt`), "link_gone");
  server.database.change("setDisabled", { name: "anna", disabled: false });
  await server.read();
});

test("a token that is altered, cut or guessed opens nothing", async () => {
  const { id, url } = await server.link("home/album/a.txt");
  const last = url.at(-1) === "A" ? "B" : "A";
  for (const wrong of [
    url.slice(0, -1),
    `${url.slice(0, -1)}${last}`,
    `${url}A`,
    `/s/${id}`,
    `/s/${"A".repeat(30)}`,
  ])
    await problemIn(await server.fetch(`${wrong}/info`), "not_found");
  expect(
    (await server.fetch(`${url.slice(0, -1)}${last}`, { headers: { accept: "text/html" } })).status,
  ).toBe(404);
});

test("no token is in the log, in a problem or in the database (GHSA-rmwh-g367-mj4x)", async () => {
  const { url } = await server.link("home/album", { kind: "drop", password: "a password" });
  const token = url.slice(3);
  const wrong: Response[] = [];
  for (const path of ["/files/a.txt", "/none", "/entries", "/info/x"])
    wrong.push(await server.fetch(url + path));
  wrong.push(await server.fetch(`${url}/files/x`, { method: "PUT", body: "x" }));
  wrong.push(await server.fetch(`${url}/session`, { method: "POST", body: '{"password":"b"}' }));
  for (const answer of wrong) {
    expect(await answer.text()).not.toContain(token.slice(8));
    expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
  }
  expect(server.log.join("\n")).not.toContain(token.slice(8));
  for (const file of ["access.db", "access.db-wal"]) {
    const bytes = Buffer.from(await Bun.file(join(server.root, ".sluice", file)).bytes());
    expect(bytes.includes(token)).toBe(false);
    expect(bytes.includes("a password")).toBe(false);
  }
});

test("wrong passwords of a link are limited like logins", async () => {
  const { id, url } = await server.link("home/album", { password: "right" });
  server.database.change("editLink", { id, edit: { password: PASSWORD_HASH } });
  await server.read();
  const open = (password: string) =>
    server.fetch(`${url}/session`, { method: "POST", body: JSON.stringify({ password }) });
  const codes: string[] = [];
  for (let guess = 0; guess < 25; guess += 1) {
    const { code } = JSON.parse(await (await open(`guess ${guess}`)).text());
    codes.push(code);
    if (code === "too_many_logins") break;
  }
  expect(codes.at(-1)).toBe("too_many_logins");
  await problemIn(await open(PASSWORD), "too_many_logins");
  // Other links are not affected.
  const other = await server.link("home/album", { password: "right" });
  const headers = basic("x", "right");
  expect((await server.fetch(`${other.url}/files/a.txt`, { headers })).status).toBe(200);
});
