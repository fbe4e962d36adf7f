// Somebody with an account of their own reaches for what belongs to another one: its name, its keys, its parts of uploads.

import { expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type AccessServer, basic, bearer, PASSWORD, startAccessServer } from "../../support/access.ts";
import { problemIn } from "../../support/problem.ts";
import { until } from "../../support/server.ts";
import { OFFSET_TYPE, TUS } from "../../support/tus-client.ts";

const BYTES = { ...TUS, ...OFFSET_TYPE };

/** Alice and Mallory with a folder each, and another one of Alice's; both may write into `shared`. */
async function start(): Promise<AccessServer & { alice: string; mallory: string }> {
  const tokens = { alice: "", mallory: "" };
  const server = await startAccessServer((database) => {
    database.account("alice", { alice: "read,write", second: "read,write", shared: "read,write" });
    database.account("mallory", { mallory: "read,write", shared: "write" });
    tokens.alice = database.token("alice");
    tokens.mallory = database.token("mallory");
  });
  return { ...server, ...tokens };
}

/** Creates a part of a tus upload. @returns its URL */
async function part(server: AccessServer, path: string, token: string, body?: string): Promise<string> {
  const answer = await server.fetch(`/uploads?path=${path}`, {
    method: "POST",
    headers: { ...bearer(token), ...BYTES, "upload-concat": "partial", "upload-length": "6" },
    ...(body !== undefined && { body }),
  });
  expect(answer.status).toBe(201);
  return answer.headers.get("location") ?? "";
}

const final = (server: AccessServer, path: string, token: string, url: string) =>
  server.fetch(`/uploads?path=${path}`, {
    method: "POST",
    headers: { ...bearer(token), ...TUS, "upload-concat": `final;${url}` },
  });

test("CVE-2026-61874: the password of a removed account opens no account that was made later under its name", async () => {
  await using server = await startAccessServer((database) => {
    database.account("owner", {}, { owner: true });
    database.account("alice", { "": "read" });
  });
  await Bun.write(join(server.root, "canary.txt"), "canary");
  const headers = basic("alice");
  expect((await server.fetch("/files/canary.txt", { headers })).status).toBe(200);
  server.database.change("removeAccount", { name: "alice" });
  const password = Bun.password.hashSync("another password", { algorithm: "bcrypt", cost: 4 });
  server.database.change("addAccount", { name: "alice", password, owner: false });
  server.database.grant("alice", { "": "read" });
  await server.read();
  await problemIn(await server.fetch("/files/canary.txt", { headers }), "wrong_login");
});

test("CVE-2025-22137: a final upload takes no parts of another account", async () => {
  await using server = await start();
  const url = await part(server, "alice/part", server.alice, "canary");
  await problemIn(await final(server, "mallory/stolen", server.mallory, url), "invalid_request");
  expect(await Bun.file(join(server.root, "mallory/stolen")).exists()).toBe(false);
  expect((await final(server, "alice/whole", server.alice, url)).status).toBe(201);
  expect(await Bun.file(join(server.root, "alice/whole")).text()).toBe("canary");
});

test("a final upload whose maker has lost its grant is not concatenated when the last part completes", async () => {
  await using server = await start();
  const url = await part(server, "alice/part", server.alice);
  expect((await final(server, "second/whole", server.alice, url)).status).toBe(201);
  server.database.grant("alice", { second: "none" });
  await server.read();
  const headers = { ...BYTES, "upload-offset": "0" };
  const sent = await server.fetch(url, { method: "PATCH", headers, body: "canary" });
  expect(sent.status).toBe(204);
  await until("it was refused", () => server.log.some((line) => line.includes("not concatenated")));
  expect(await Bun.file(join(server.root, "second/whole")).exists()).toBe(false);
});

test("an Idempotency-Key tells nothing of an upload of another account", async () => {
  await using server = await start();
  await mkdir(join(server.root, "shared"));
  const put = (path: string, token: string, headers: Record<string, string> = {}) =>
    server.fetch(`/files/${path}`, {
      method: "PUT",
      body: "canary",
      headers: { ...bearer(token), "idempotency-key": "order-1", ...headers },
    });
  expect((await put("shared/a.txt", server.alice)).status).toBe(201);
  expect(await (await put("shared/a.txt", server.alice)).json()).toMatchObject({ repeated: true });
  // Neither that the key was used, nor for which path, nor whether the bytes were these.
  expect((await put("shared/b.txt", server.mallory)).status).toBe(201);
  const digest = new Bun.CryptoHasher("sha256").update("canary").digest("base64");
  await problemIn(await put("shared/a.txt", server.mallory, { "idempotency-key": "order-2" }), "not_allowed");
  const guess = await put("shared/a.txt", server.mallory, { "repr-digest": `sha-256=:${digest}:` });
  await problemIn(guess, "idempotency_key_reused");
});

test("CVE-2025-53826: a login or a new token at the moment of a password change does not survive it", async () => {
  await using server = await startAccessServer((database) => database.account("alice", { "": "read" }));
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    server.fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  const login = () => post("/api/session", { name: "alice", password: PASSWORD });
  const first = await login();
  const [cookie = ""] = (first.headers.get("set-cookie") ?? "").split(";");
  const token = () => post("/api/tokens", { name: "t" }, { cookie, "sec-fetch-site": "same-origin" });
  expect([first.status, (await token()).status]).toEqual([204, 201]);
  // The server has not read this yet, as in the middle of a change: the old password and the session are right for it.
  const password = Bun.password.hashSync("another password", { algorithm: "bcrypt", cost: 4 });
  const { snapshot } = server.app.decorator.services.access;
  server.database.change("setPassword", { name: "alice", password });
  const answers = await Promise.all([login(), token()]);
  expect(answers.map(({ status }) => status)).toEqual([401, 401]);
  await server.read();
  const { access } = server.app.decorator.services;
  expect(snapshot.secrets.size).toBe(2);
  expect(access.snapshot.secrets.size).toBe(0);
});
