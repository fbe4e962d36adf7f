// The second factor over HTTP: adding an app, logging in with its codes, Basic only with a token, removing it.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { TOTP } from "otpauth";
import { type AccessServer, basic, bearer, PASSWORD, startAccessServer } from "../../../support/access.ts";
import { Visitor } from "../../../support/login.ts";
import { problemIn } from "../../../support/problem.ts";

let server: AccessServer;
let token: string;
beforeAll(async () => {
  server = await startAccessServer((database) => {
    for (const name of ["alice", "bob", "carol", "dora"]) database.account(name, { "": "read,write" });
    token = database.token("alice");
  });
});
afterAll(() => server.stop());

/** The code that an app shows now, or some steps of 30 seconds later. */
const codeOf = (secret: string, steps = 0): string =>
  new TOTP({ secret }).generate({ timestamp: Date.now() + steps * 30_000 });

/** Begins to add an app. */
async function begin(visitor: Visitor): Promise<{ secret: string; seal: string; uri: string }> {
  return JSON.parse(await (await visitor.send("POST", "/api/account/totp", { password: PASSWORD })).text());
}

/** Logs in and adds an app. @returns its secret */
async function enrolled(name: string): Promise<{ visitor: Visitor; secret: string }> {
  const visitor = await Visitor.loggedIn(server.url, name);
  const { secret, seal, uri } = await begin(visitor);
  expect(uri).toContain(`secret=${secret}`);
  // Nothing has changed yet.
  expect((await new Visitor(server.url).logIn(name)).status).toBe(204);
  const code = codeOf(secret);
  expect((await visitor.send("PUT", "/api/account/totp", { secret, seal, code })).status).toBe(204);
  return { visitor, secret };
}

test("an account with an app needs a code, which logs in one of five at once", async () => {
  const { secret } = await enrolled("alice");
  const visitor = new Visitor(server.url);
  await problemIn(await visitor.logIn("alice"), "code_required");
  await problemIn(await visitor.logIn("alice", { password: "wrong horse" }), "wrong_login");
  const next = codeOf(secret, 1);
  await problemIn(await visitor.logIn("alice", { password: "wrong horse", code: next }), "wrong_login");
  // The code that was typed to add the app is spent.
  await problemIn(await visitor.logIn("alice", { code: codeOf(secret) }), "wrong_login");
  expect(await visitor.name()).toBeNull();
  const five = Array.from({ length: 5 }, () => new Visitor(server.url));
  const answers = await Promise.all(five.map((one) => one.logIn("alice", { code: next })));
  expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 401, 401, 401, 401]);
  const first = five[answers.findIndex(({ status }) => status === 204)] ?? visitor;
  expect(await first.name()).toBe("alice");
  // No code in the JSON of anything, no secret in the log.
  expect(await (await first.fetch("/api/account")).json()).toMatchObject({ totp: true, password: true });
  expect(server.log.join("\n")).not.toContain(secret);

  const meBy = (password: string) => server.fetch("/api/me", { headers: basic("alice", password) });
  await problemIn(await meBy(PASSWORD), "code_required");
  expect(await (await meBy(token)).json()).toMatchObject({ name: "alice", via: "token" });
});

test("the app is removed with the password, not with the session alone", async () => {
  const { visitor, secret } = await enrolled("bob");
  await problemIn(
    await visitor.send("POST", "/api/account/totp/remove", { password: "wrong" }),
    "wrong_login",
  );
  expect(await (await visitor.fetch("/api/account")).json()).toMatchObject({ totp: true });
  expect((await visitor.send("POST", "/api/account/totp/remove", { password: PASSWORD })).status).toBe(204);
  expect((await new Visitor(server.url).logIn("bob")).status).toBe(204);
  // A code is not needed any more, and not asked for.
  expect((await new Visitor(server.url).logIn("bob", { code: codeOf(secret) })).status).toBe(204);
});

describe("an app is not added", () => {
  test("without the password, by a token, or without a login", async () => {
    const visitor = new Visitor(server.url);
    await visitor.logIn("carol");
    await problemIn(await visitor.send("POST", "/api/account/totp", { password: "" }), "wrong_login");
    const headers = { ...bearer(token), "content-type": "application/json" };
    const body = JSON.stringify({ password: PASSWORD });
    await problemIn(
      await server.fetch("/api/account/totp", { method: "POST", headers, body }),
      "not_allowed",
    );
    await problemIn(
      await new Visitor(server.url).send("POST", "/api/account/totp", { password: PASSWORD }),
      "login_required",
    );
  });

  test("with a secret of one's own, for another account, with a wrong code, or twice", async () => {
    const visitor = new Visitor(server.url);
    await visitor.logIn("carol");
    const { secret, seal } = await begin(visitor);
    const put = (who: Visitor, body: object) => who.send("PUT", "/api/account/totp", body);
    const own = "A".repeat(32);
    await problemIn(await put(visitor, { secret: own, seal, code: codeOf(own) }), "invalid_request");
    const other = new Visitor(server.url);
    await other.logIn("dora");
    await problemIn(await put(other, { secret, seal, code: codeOf(secret) }), "invalid_request");
    await problemIn(await put(visitor, { secret, seal, code: "000000" }), "wrong_login");
    expect((await put(visitor, { secret, seal, code: codeOf(secret) })).status).toBe(204);
    await problemIn(await put(visitor, { secret, seal, code: codeOf(secret, 1) }), "invalid_request");
  });
});
