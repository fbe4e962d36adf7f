// Accounts and their grants over HTTP: tokens, sessions, Basic, and the answers to those who lack a grant.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type AccessServer, basic, bearer, PASSWORD, startAccessServer } from "../../support/access.ts";
import { problemIn } from "../../support/problem.ts";

let server: AccessServer;
let alice = "";
let limited = "";

beforeAll(async () => {
  server = await startAccessServer((database) => {
    database.account("alice", { team: "read,write" });
    database.account("bob", { "": "read", team: "none" });
    database.grant("anyone", { pub: "read" });
    alice = database.token("alice");
    limited = database.token("alice", { words: "read", path: "team" });
  });
  for (const path of ["team/a.txt", "teams/b.txt", "pub/c.txt", "d.txt"]) {
    await mkdir(join(server.root, path, ".."), { recursive: true });
    await Bun.write(join(server.root, path), path);
  }
});
afterAll(() => server.stop());

const get = (path: string, headers: Record<string, string> = {}) => server.fetch(path, { headers });
const put = (path: string, headers: Record<string, string> = {}) =>
  server.fetch(path, { method: "PUT", body: "new", headers });

describe("reading", () => {
  test("is possible for anyone where anyone may", async () => {
    expect((await get("/files/pub/c.txt")).status).toBe(200);
  });

  test("asks nobody to log in elsewhere, whether the file exists or not", async () => {
    for (const path of ["/files/team/a.txt", "/files/none", "/files/d.txt", "/api/entries?folder=team"])
      await problemIn(await get(path), "login_required");
  });

  test("the challenge of Basic is not sent to browsers", async () => {
    expect((await get("/files/d.txt")).headers.get("www-authenticate")).toContain("Basic");
    const page = await get("/files/d.txt", { "sec-fetch-mode": "cors", "sec-fetch-site": "same-origin" });
    expect(page.headers.get("www-authenticate")).toBe('Bearer realm="Sluice"');
  });

  test("is possible for an account in its folder; elsewhere nothing exists for it", async () => {
    expect(await (await get("/files/team/a.txt", bearer(alice))).text()).toBe("team/a.txt");
    // CVE-2026-35605: /a matches /ab
    for (const path of ["/files/teams/b.txt", "/files/d.txt", "/files/none"])
      await problemIn(await get(path, bearer(alice)), "not_found");
  });

  test("a rule nearer to the file takes a grant away", async () => {
    expect((await get("/files/d.txt", basic("bob", PASSWORD))).status).toBe(200);
    await problemIn(await get("/files/team/a.txt", basic("bob", PASSWORD)), "not_found");
  });
});

describe("writing", () => {
  test("is possible where it is granted", async () => {
    expect((await put("/files/team/new.txt", bearer(alice))).status).toBe(201);
    await problemIn(await put("/files/team/new.txt", bearer(alice)), "not_allowed");
    await problemIn(await put("/files/d.txt", bearer(alice)), "not_found");
    await problemIn(await put("/files/pub/x.txt", bearer(alice)), "not_allowed");
    await problemIn(await put("/files/pub/x.txt"), "login_required");
    expect(await Bun.file(join(server.root, "d.txt")).text()).toBe("d.txt");
  });

  test("is refused with a sentence about what lacks the grant: the account, or only its token", async () => {
    const replacing = async (token: string) =>
      (await problemIn(await put("/files/team/a.txt", bearer(token)), "not_allowed")).detail;
    expect(await replacing(limited)).toBe("The token lacks the grant `write` here. Send one that has it.");
    const { detail } = await problemIn(await put("/files/pub/x.txt", bearer(alice)), "not_allowed");
    expect(detail).toBe("Your account lacks the grant `write` here. An owner of this server can grant it.");
  });
});

describe("credentials", () => {
  test("a session begins with a password, and ends on the server (CVE-2025-53826)", async () => {
    const origin = { "sec-fetch-site": "same-origin" };
    const answer = await server.fetch("/api/session", {
      method: "POST",
      body: JSON.stringify({ name: "alice", password: PASSWORD }),
    });
    expect(answer.status).toBe(204);
    const [cookie = ""] = (answer.headers.get("set-cookie") ?? "").split(";");
    expect(answer.headers.get("set-cookie")).toMatch(/HttpOnly/i);
    expect((await get("/files/team/a.txt", { cookie })).status).toBe(200);
    // A cookie with neither Origin nor Sec-Fetch-Site is not that of a browser of today.
    await problemIn(await put("/files/team/s.txt", { cookie }), "cross_origin");
    expect((await put("/files/team/s.txt", { cookie, ...origin })).status).toBe(201);
    expect(await (await get("/api/me?folder=team", { cookie })).json()).toMatchObject({
      name: "alice",
      owner: false,
      words: ["list", "read", "write"],
    });
    const out = await server.fetch("/api/session", { method: "DELETE", headers: { cookie, ...origin } });
    expect(out.status).toBe(204);
    await problemIn(await get("/files/team/a.txt", { cookie }), "login_required");
  });

  test("no session, token or password is in clear in the database", async () => {
    const answer = await server.fetch("/api/session", {
      method: "POST",
      body: JSON.stringify({ name: "alice", password: PASSWORD }),
    });
    const session = (answer.headers.get("set-cookie") ?? "").split(/[=;]/)[1] ?? "";
    expect(session.length).toBeGreaterThan(20);
    for (const secret of [session, alice, alice.replace("slu_", ""), PASSWORD]) {
      const bytes = Buffer.from(secret, "base64url");
      for (const file of ["access.db", "access.db-wal"]) {
        const stored = Buffer.from(await Bun.file(join(server.root, ".sluice", file)).bytes());
        expect(stored.includes(secret)).toBe(false);
        expect(stored.includes(bytes)).toBe(false);
        expect(stored.includes("alice") || file === "access.db").toBe(true);
      }
    }
  });

  test("behind --url https://… the cookie is __Host-sluice, Secure, HttpOnly and Lax, and other names are refused", async () => {
    await using secure = await startAccessServer((database) => database.account("alice", { "": "read" }), {
      url: "https://files.example.org",
    });
    const ask = (host: string) =>
      secure.fetch("/api/session", {
        method: "POST",
        headers: { host, origin: "https://files.example.org" },
        body: JSON.stringify({ name: "alice", password: PASSWORD }),
      });
    const answer = await ask("files.example.org");
    expect(answer.status).toBe(204);
    const [cookie = "", ...attributes] = (answer.headers.get("set-cookie") ?? "").split("; ");
    expect(cookie).toStartWith("__Host-sluice=");
    expect(attributes).toEqual(expect.arrayContaining(["Path=/", "Secure", "HttpOnly", "SameSite=Lax"]));
    expect(attributes.join()).not.toContain("Domain");
    const plain = cookie.replace("__Host-", "");
    const me = (value: string) =>
      secure.fetch("/api/me", { headers: { host: "files.example.org", cookie: value } });
    expect(await (await me(cookie)).json()).toMatchObject({ name: "alice" });
    expect(await (await me(plain)).json()).toMatchObject({ name: null });
    await problemIn(await ask("evil.example"), "misdirected");
  });

  test("over the TLS of the server itself, the cookie is __Host-sluice too", async () => {
    await using secure = await startAccessServer((database) => database.account("alice", { "": "read" }), {
      tls: true,
    });
    const headers = { "sec-fetch-site": "same-origin" };
    const body = JSON.stringify({ name: "alice", password: PASSWORD });
    const answer = await secure.fetch("/api/session", { method: "POST", headers, body });
    const [cookie = "", ...attributes] = (answer.headers.get("set-cookie") ?? "").split("; ");
    expect(cookie).toStartWith("__Host-sluice=");
    expect(attributes).toContain("Secure");
    expect(await (await secure.fetch("/api/me", { headers: { cookie } })).json()).toMatchObject({
      name: "alice",
    });
    const ended = await secure.fetch("/api/session", { method: "DELETE", headers: { ...headers, cookie } });
    expect(ended.headers.get("set-cookie")).toStartWith("__Host-sluice=;");
  });

  test("a wrong password, an unknown name and a wrong token are told apart by nothing", async () => {
    const details = [];
    for (const headers of [basic("alice", "wrong"), basic("nobody", PASSWORD), bearer("slu_wrong")])
      details.push((await problemIn(await get("/files/pub/c.txt", headers), "wrong_login")).detail);
    expect(new Set(details).size).toBe(1);
  });

  test("1,000 Basic requests cost one hash", async () => {
    const { passwords } = server.app.decorator.services.logins;
    await get("/files/pub/c.txt", basic("alice", PASSWORD));
    const before = passwords.hashes;
    for (let batch = 0; batch < 20; batch += 1)
      await Promise.all(
        Array.from({ length: 50 }, async () => {
          expect((await get("/files/team/a.txt", basic("alice", PASSWORD))).status).toBe(200);
        }),
      );
    expect(passwords.hashes).toBe(before);
  });

  test("a token is the password of Basic under any name", async () => {
    expect((await get("/files/team/a.txt", basic("x", alice))).status).toBe(200);
  });
});

test("a disabled account, a revoked token and a lost grant count within a second", async () => {
  server.database.account("carl", { team: "read" });
  const token = server.database.token("carl");
  await server.read();
  expect((await get("/files/team/a.txt", bearer(token))).status).toBe(200);
  server.database.grant("carl", { team: "none" });
  await server.read();
  await problemIn(await get("/files/team/a.txt", bearer(token)), "not_found");
  server.database.change("setDisabled", { name: "carl", disabled: true });
  await server.read();
  await problemIn(await get("/files/team/a.txt", bearer(token)), "wrong_login");
});

test("a line of the log names the account and its token, without control characters", async () => {
  const { access } = server.app.decorator.services;
  const id = access.bySecret("token", alice)?.credential;
  await put("/files/team/logged.txt", bearer(alice));
  expect(server.log.find((line) => line.includes("saved team/logged.txt"))).toContain(
    ` · by alice by token ${id} (127.0.0.1)`,
  );
});
