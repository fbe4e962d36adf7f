// Logging in through an identity provider over HTTP: declared accounts, new ones without grants, and who gets none.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type AccessServer, startAccessServer } from "../../../support/access.ts";
import { IdentityProvider, type Provided } from "../../../support/identity-provider.ts";
import { Visitor } from "../../../support/login.ts";
import { problemIn } from "../../../support/problem.ts";
import { SESSION_COOKIE } from "../../../support/protocol.ts";

const provider = new IdentityProvider();
let server: AccessServer;
beforeAll(async () => {
  server = await startAccessServer(
    (database) => {
      database.account("boss", {}, { owner: true });
      database.account("carol", { "": "read" });
      database.change("addAccount", { name: "alice", password: null, owner: false });
      database.change("addAccount", { name: "root", password: null, owner: true });
      database.grant("alice", { "": "read,write" });
    },
    { oidcIssuer: provider.issuer, oidcClient: "sluice" },
  );
});
afterAll(async () => {
  await server.stop();
  await provider[Symbol.asyncDispose]();
});

/** A browser goes to the provider and comes back. */
async function visit(provided: Provided, to = server, base = "") {
  provider.provided = provided;
  const visitor = new Visitor(to.url);
  const begun = await visitor.fetch(`${base}/api/session/oidc`);
  expect(begun.status).toBe(303);
  const back = provider.login(begun.headers.get("location") ?? "");
  expect(back.origin).toBe(visitor.site);
  const path = back.pathname + back.search;
  return { visitor, path, back: await visitor.fetch(path) };
}

const person = (sub: string, preferred_username: string, more = {}) => ({
  claims: { sub, preferred_username, ...more },
});

test("an account that was declared before is connected with the first person of its name", async () => {
  const { visitor, path, back } = await visit(person("1", "alice"));
  expect([back.status, back.headers.get("location")]).toEqual([303, "/"]);
  expect(await visitor.name()).toBe("alice");
  expect([...visitor.cookies.keys()]).toEqual([SESSION_COOKIE]);
  // The same address again, also in the same browser: its code and its state are used.
  await problemIn(await visitor.fetch(path), "wrong_login");
  // A person learns why on the page, a program by the problem.
  const refused = await visitor.fetch(path, { headers: { accept: "text/html,*/*" } });
  expect([refused.status, refused.headers.get("location")]).toEqual([303, "../../../?login=wrong_login"]);
  // The person keeps the account under another name; another one does not get it by the name.
  expect(await (await visit(person("1", "alicia"))).visitor.name()).toBe("alice");
  await problemIn((await visit(person("2", "alice"))).back, "account_exists");
});

describe("nobody gets", () => {
  test("an account with a password, or that of an owner, by its name", async () => {
    await problemIn((await visit(person("3", "carol"))).back, "account_exists");
    await problemIn((await visit(person("4", "boss"))).back, "account_exists");
    await problemIn((await visit(person("5", "root"))).back, "account_exists");
  });

  test("a new account without --oidc-group", async () => {
    await problemIn((await visit(person("6", "stranger"))).back, "not_allowed");
    expect(server.app.decorator.services.access.snapshot.accounts.has("stranger")).toBe(false);
  });

  test("an account by an address that is not verified", async () => {
    server.database.change("addAccount", { name: "eve@example.org", password: null, owner: false });
    await server.read();
    const claims = { sub: "7", email: "eve@example.org" };
    await problemIn((await visit({ claims })).back, "not_allowed");
    const { visitor } = await visit({ claims: { ...claims, email_verified: true } });
    expect(await visitor.name()).toBe("eve@example.org");
  });

  test("a session in a browser that did not begin the login", async () => {
    provider.provided = person("1", "alice");
    const begun = await new Visitor(server.url).fetch("/api/session/oidc");
    const back = provider.login(begun.headers.get("location") ?? "");
    const victim = new Visitor(server.url);
    await problemIn(await victim.fetch(back.pathname + back.search), "wrong_login");
    expect(await victim.name()).toBeNull();
  });

  test("a session of a disabled account", async () => {
    server.database.change("setDisabled", { name: "alice", disabled: true });
    await server.read();
    await problemIn((await visit(person("1", "alice"))).back, "wrong_login");
    server.database.change("setDisabled", { name: "alice", disabled: false });
    await server.read();
  });
});

test("Quantum#1668, #1486: with a group, its members get accounts without grants, others none", async () => {
  await using grouped = await startAccessServer((database) => database.account("boss", {}, { owner: true }), {
    oidcIssuer: provider.issuer,
    oidcClient: "sluice",
    oidcGroup: "file-users",
  });
  await problemIn((await visit(person("8", "mallory", { groups: ["others"] }), grouped)).back, "not_allowed");
  const { visitor } = await visit(person("9", "nora", { groups: ["file-users"] }), grouped);
  const me = await (await visitor.fetch("/api/me")).json();
  expect(me).toMatchObject({ name: "nora", owner: false, words: [] });
  expect(grouped.app.decorator.services.access.snapshot.accounts.has("mallory")).toBe(false);
});

test("without a provider there is no such page", async () => {
  await using plain = await startAccessServer((database) => database.account("boss", {}, { owner: true }));
  for (const path of ["/api/session/oidc", "/api/session/oidc/callback?code=a&state=b"])
    await problemIn(await plain.fetch(path), "not_found");
});

test("below --base-path the browser comes back to it", async () => {
  const more = { oidcIssuer: provider.issuer, oidcClient: "sluice", basePath: "/sluice" };
  await using based = await startAccessServer((database) => {
    database.change("addAccount", { name: "alice", password: null, owner: false });
  }, more);
  const { path, back, visitor } = await visit(person("1", "alice"), based, "/sluice");
  expect(path).toStartWith("/sluice/api/session/oidc/callback?");
  expect([back.status, back.headers.get("location")]).toEqual([303, "/sluice/"]);
  expect([...visitor.cookies.keys()]).toEqual([SESSION_COOKIE]);
});

test("wrong answers of the provider count as failures of the address, and reach it ten times at most", async () => {
  await using limited = await startAccessServer((database) => database.account("boss", {}, { owner: true }), {
    oidcIssuer: provider.issuer,
    oidcClient: "sluice",
    trustedProxy: ["127.0.0.1/32"],
  });
  provider.provided = { error: "invalid_grant" };
  const statuses: number[] = [];
  const before = provider.asked.filter((path) => path === "/token").length;
  for (let count = 0; count < 12; count += 1) {
    const visitor = new Visitor(limited.url);
    const headers = { "x-forwarded-for": "192.0.2.1" };
    const begun = await visitor.fetch("/api/session/oidc", { headers });
    const back = provider.login(begun.headers.get("location") ?? "");
    statuses.push((await visitor.fetch(back.pathname + back.search, { headers })).status);
  }
  expect(statuses).toEqual([...Array(10).fill(401), 429, 429]);
  expect(provider.asked.filter((path) => path === "/token").length - before).toBe(10);
});
