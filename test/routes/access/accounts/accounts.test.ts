// Accounts, invites and tokens over HTTP: an owner manages them, nobody else does, and no secret is told twice.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type AccessServer, bearer, startAccessServer } from "../../../support/access.ts";
import { Visitor } from "../../../support/login.ts";
import { problemIn } from "../../../support/problem.ts";

const NEXT = "battery staple";
let server: AccessServer;
let owner: Visitor;
let limited = "";
let bob: Visitor;

beforeAll(async () => {
  server = await startAccessServer((database) => {
    database.account("olga", {}, { owner: true });
    database.account("bob", { "": "read" });
    limited = database.token("olga", { words: "read", path: "docs" });
  });
  owner = await loggedIn("olga");
  bob = await loggedIn("bob");
});
afterAll(() => server.stop());

const loggedIn = (name: string, password?: string) => Visitor.loggedIn(server.url, name, password);

async function answerOf<T>(answer: Promise<Response>, status: number): Promise<T> {
  const { status: received, ...rest } = { status: (await answer).status, text: await (await answer).text() };
  expect([received, rest.text]).toEqual([status, expect.any(String)]);
  return JSON.parse(rest.text);
}
interface Invite {
  path: string;
  name: string;
}
const tokenIn = ({ path }: Invite): string => path.replace("/invite#", "");
const accept = (token: string, password: string) =>
  new Visitor(server.url).send("POST", "/api/invite", { token, password });

describe("accounts", () => {
  test("are managed by owners only, and not by a token that is limited", async () => {
    const requests: [string, string, unknown][] = [
      ["GET", "/api/accounts", undefined],
      ["POST", "/api/accounts", { name: "eve", owner: true }],
      ["PATCH", "/api/accounts/bob", { owner: true }],
      ["POST", "/api/accounts/olga/reset", { secondFactor: true }],
      ["DELETE", "/api/accounts/olga", undefined],
    ];
    for (const [method, path, body] of requests) {
      const init = { method, ...(body !== undefined && { body: JSON.stringify(body) }) };
      await problemIn(await server.fetch(path, init), "login_required");
      await problemIn(await bob.fetch(path, init), "not_allowed");
      const headers = bearer(limited);
      await problemIn(await server.fetch(path, { ...init, headers }), "not_allowed");
    }
    expect([...server.app.decorator.services.access.snapshot.accounts.keys()]).toEqual(["bob", "olga"]);
  });

  test("are listed without hashes (GHSA-833g-cqhp-h72j)", async () => {
    const text = await (await owner.fetch("/api/accounts")).text();
    expect(JSON.parse(text).accounts).toEqual([
      {
        ...{ name: "bob", owner: false, teams: [], disabled: false, hasPassword: true, secondFactor: false },
        created: expect.any(String),
      },
      expect.objectContaining({ name: "olga", owner: true }),
    ]);
    expect(text).not.toMatch(/\$2|argon/);
  });

  test("begin with an invite that works once", async () => {
    const made = await answerOf<Invite>(
      owner.send("POST", "/api/accounts", { name: "eve", teams: ["ops"] }),
      201,
    );
    expect(made.path).toMatch(/^\/invite#\S{43}$/);
    const token = tokenIn(made);
    const { errors } = await problemIn(await accept(token, "eve"), "invalid_request");
    expect(errors?.map(({ pointer }) => pointer)).toEqual(["/password", "/password"]);
    expect(await answerOf<object>(accept(token, NEXT), 200)).toEqual({ name: "eve" });
    await problemIn(await accept(token, "another staple"), "setup_gone");
    expect(await (await loggedIn("eve", NEXT)).name()).toBe("eve");
    expect(server.app.decorator.services.access.snapshot.accounts.get("eve")?.teams).toEqual(["ops"]);
  });

  test("are added once, with a name that is allowed, and nothing else in the body", async () => {
    const add = (body: object) => owner.send("POST", "/api/accounts", body);
    await problemIn(await add({ name: "bob" }), "account_exists");
    for (const name of ["", "a/b", "anyone", "@ops"]) await problemIn(await add({ name }), "invalid_request");
    await problemIn(await add({ name: "x", teams: ["a/b"] }), "invalid_request");
    await problemIn(await add({ name: "x", password: NEXT }), "invalid_request");
  });

  test("are reset by a link: the old password works until then, an earlier link does not (expired reset code)", async () => {
    const reset = () => answerOf<Invite>(owner.send("POST", "/api/accounts/eve/reset", {}), 201);
    const [first, second] = [tokenIn(await reset()), tokenIn(await reset())];
    const before = await loggedIn("eve", NEXT);
    await problemIn(await accept(first, "first staple"), "setup_gone");
    server.database.expireInvites();
    await server.read();
    await problemIn(await accept(second, "late staple"), "setup_gone");
    expect(await before.name()).toBe("eve");
    await answerOf(accept(tokenIn(await reset()), "third staple"), 200);
    // Tokens and sessions do not survive a new password.
    expect(await before.name()).toBeNull();
    expect(await (await loggedIn("eve", "third staple")).name()).toBe("eve");
  });

  test("keep their second factor when the password is reset, unless the owner removes it", async () => {
    server.database.change("setTotp", { name: "eve", totp: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" });
    await server.read();
    const reset = (body: object) =>
      answerOf<Invite>(owner.send("POST", "/api/accounts/eve/reset", body), 201);
    await answerOf(accept(tokenIn(await reset({})), NEXT), 200);
    await problemIn(await new Visitor(server.url).logIn("eve", { password: NEXT }), "code_required");
    await reset({ secondFactor: true });
    expect(await (await loggedIn("eve", NEXT)).name()).toBe("eve");
  });

  test("are disabled at once, and removed with all that is theirs", async () => {
    const eve = await loggedIn("eve", NEXT);
    const change = (body: object) => owner.send("PATCH", "/api/accounts/eve", body);
    expect(await answerOf<object>(change({ disabled: true, teams: [] }), 200)).toMatchObject({
      disabled: true,
      teams: [],
    });
    expect(await eve.name()).toBeNull();
    await problemIn(await new Visitor(server.url).logIn("eve", { password: NEXT }), "wrong_login");
    await answerOf(change({ disabled: false }), 200);
    expect((await owner.fetch("/api/accounts/eve", { method: "DELETE" })).status).toBe(204);
    await problemIn(await owner.fetch("/api/accounts/eve", { method: "DELETE" }), "not_found");
    await problemIn(await owner.send("POST", "/api/accounts/eve/reset", {}), "not_found");
  });

  test("include an owner, always", async () => {
    await problemIn(await owner.send("PATCH", "/api/accounts/olga", { owner: false }), "last_owner");
    const change = { teams: ["ops"], disabled: true };
    await problemIn(await owner.send("PATCH", "/api/accounts/olga", change), "last_owner");
    // None of several changes is made when one is refused.
    expect(server.app.decorator.services.access.snapshot.accounts.get("olga")?.teams).toEqual([]);
    await problemIn(await owner.fetch("/api/accounts/olga", { method: "DELETE" }), "last_owner");
  });
});

describe("tokens", () => {
  const tokensOf = async (visitor: Visitor) =>
    (await answerOf<{ tokens: { id: string; account: string }[] }>(visitor.fetch("/api/tokens"), 200)).tokens;

  test("are made for oneself, shown once, and may do no more than their maker", async () => {
    const made = await answerOf<{ id: string; token: string }>(
      bob.send("POST", "/api/tokens", { name: "ci", words: ["read", "write", "delete"] }),
      201,
    );
    const headers = bearer(made.token);
    const me = await answerOf<object>(server.fetch("/api/me", { headers }), 200);
    expect(me).toMatchObject({ name: "bob", via: "token", words: ["list", "read"] });
    expect(JSON.stringify(await tokensOf(bob))).not.toContain(made.token);
    // A token makes no tokens.
    const body = JSON.stringify({ name: "more" });
    await problemIn(await server.fetch("/api/tokens", { method: "POST", body, headers }), "not_allowed");
  });

  test("end after a number of seconds, which is not written as text and not too small", async () => {
    for (const expires of ["1", "-60", 59, 1e12])
      await problemIn(await bob.send("POST", "/api/tokens", { name: "short", expires }), "invalid_request");
  });

  test("of others are seen and revoked by owners only", async () => {
    const [own] = await tokensOf(bob);
    const all = await tokensOf(owner);
    expect(all.map(({ account }) => account).toSorted()).toEqual(["bob", "olga"]);
    const [other] = all.filter(({ account }) => account === "olga");
    await problemIn(await bob.fetch(`/api/tokens/${other?.id}`, { method: "DELETE" }), "not_found");
    expect((await owner.fetch(`/api/tokens/${own?.id}`, { method: "DELETE" })).status).toBe(204);
    expect(await tokensOf(bob)).toEqual([]);
  });

  test("are limited to a folder, and to some time", async () => {
    const { token } = await answerOf<{ token: string }>(
      bob.send("POST", "/api/tokens", { name: "docs", path: "docs", words: ["read"], expires: 60 }),
      201,
    );
    const headers = bearer(token);
    const words = async (folder: string) =>
      (await answerOf<{ words: string[] }>(server.fetch(`/api/me?folder=${folder}`, { headers }), 200)).words;
    expect(await words("docs/a")).toEqual(["list", "read"]);
    expect(await words("docsx")).toEqual([]);
    await problemIn(await bob.send("POST", "/api/tokens", { name: "x", path: "../x" }), "invalid_path");
    await problemIn(await bob.send("POST", "/api/tokens", { name: "x", expires: 1 }), "invalid_request");
  });
});
