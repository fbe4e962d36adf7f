// One's own password and sessions over HTTP: what a change ends, and that nobody else's is reached.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type AccessServer, basic, bearer, PASSWORD, startAccessServer } from "../../../support/access.ts";
import { Visitor } from "../../../support/login.ts";
import { problemIn } from "../../../support/problem.ts";

const NEXT = "battery staple";
let server: AccessServer;
let token: string;
beforeAll(async () => {
  server = await startAccessServer((database) => {
    for (const name of ["alice", "bob", "carol"]) database.account(name, { "": "read,write" });
    token = database.token("alice");
  });
});
afterAll(() => server.stop());

const loggedIn = (name: string, password?: string) => Visitor.loggedIn(server.url, name, password);

interface Session {
  id: string;
  current: boolean;
}
async function sessionsOf(visitor: Visitor): Promise<Session[]> {
  return JSON.parse(await (await visitor.fetch("/api/account/sessions")).text()).sessions;
}

const meAs = (headers: Record<string, string>) => server.fetch("/api/me", { headers });

test("a changed password ends other sessions, tokens and what Basic remembered, not the session that changed it", async () => {
  const [here, elsewhere] = [await loggedIn("alice"), await loggedIn("alice")];
  expect((await meAs(bearer(token))).status).toBe(200);
  expect((await meAs(basic("alice"))).status).toBe(200);
  const change = await here.send("PUT", "/api/account/password", { password: PASSWORD, next: NEXT });
  expect(change.status).toBe(204);
  expect(await here.name()).toBe("alice");
  expect(await elsewhere.name()).toBeNull();
  await problemIn(await meAs(bearer(token)), "wrong_login");
  await problemIn(await meAs(basic("alice")), "wrong_login");
  await problemIn(await new Visitor(server.url).logIn("alice"), "wrong_login");
  expect(await (await loggedIn("alice", NEXT)).name()).toBe("alice");
  expect((await meAs(basic("alice", NEXT))).status).toBe(200);
});

describe("a password is not changed", () => {
  test("without the present one, or to one that breaks the rules", async () => {
    const visitor = await loggedIn("bob");
    const change = (password: string, next: string) =>
      visitor.send("PUT", "/api/account/password", { password, next });
    await problemIn(await change("wrong", NEXT), "wrong_login");
    for (const next of ["short", "password", "x".repeat(300)]) {
      const { errors } = await problemIn(await change(PASSWORD, next), "invalid_request");
      expect(errors?.[0]).toMatchObject({ pointer: "/next" });
    }
    expect((await new Visitor(server.url).logIn("bob")).status).toBe(204);
  });

  test("by a token, or without a login", async () => {
    await using other = await startAccessServer((database) => {
      database.account("alice");
      token = database.token("alice");
    });
    const headers = { ...bearer(token), "content-type": "application/json" };
    const body = JSON.stringify({ password: PASSWORD, next: NEXT });
    await problemIn(
      await other.fetch("/api/account/password", { method: "PUT", headers, body }),
      "not_allowed",
    );
    const nobody = new Visitor(other.url);
    await problemIn(
      await nobody.send("PUT", "/api/account/password", { password: PASSWORD, next: NEXT }),
      "login_required",
    );
  });
});

test("GHSA-833g-cqhp-h72j: no answer about an account contains a hash or a secret", async () => {
  const visitor = await loggedIn("bob");
  const { snapshot } = server.app.decorator.services.access;
  const hash = snapshot.accounts.get("bob")?.password ?? "";
  expect(hash).toStartWith("$");
  for (const path of ["/api/account", "/api/account/sessions", "/api/me"]) {
    const text = await (await visitor.fetch(path)).text();
    expect(text).not.toContain(hash);
    expect(text).not.toMatch(/\$2[aby]\$|\$argon2/);
    for (const cookie of visitor.cookies.values()) expect(text).not.toContain(cookie);
  }
});

test("CVE-2025-53826: a session is listed and ended from another one; those of others are not reached", async () => {
  const [here, elsewhere, stranger] = [
    await loggedIn("carol"),
    await loggedIn("carol"),
    await loggedIn("bob"),
  ];
  const listed = await sessionsOf(here);
  expect(listed).toHaveLength(2);
  const [other] = listed.filter(({ current }) => !current);
  const path = `/api/account/sessions/${other?.id}`;
  await problemIn(await stranger.fetch(path, { method: "DELETE" }), "not_found");
  expect(await elsewhere.name()).toBe("carol");
  expect((await here.fetch(path, { method: "DELETE" })).status).toBe(204);
  expect(await elsewhere.name()).toBeNull();
  expect(await here.name()).toBe("carol");
  await problemIn(await here.fetch(path, { method: "DELETE" }), "not_found");
  expect(await sessionsOf(here)).toMatchObject([{ current: true }]);
});
