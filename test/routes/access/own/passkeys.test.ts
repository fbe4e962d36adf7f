// Passkeys over HTTP: adding one, logging in with it, removing it.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { type AccessServer, bearer, PASSWORD, startAccessServer } from "../../../support/access.ts";
import { Authenticator } from "../../../support/authenticator.ts";
import { Visitor } from "../../../support/login.ts";
import { problemIn } from "../../../support/problem.ts";

let server: AccessServer;
let token: string;
beforeAll(async () => {
  server = await startAccessServer((database) => {
    for (const name of ["alice", "bob", "carol"]) database.account(name, { "": "read,write" });
    token = database.token("alice");
  });
});
afterAll(() => server.stop());

/** The parts of answers that a page uses: the options for the browser, and the passkeys of the account. */
interface Told {
  challenge: string;
  rpId?: string;
  rp: { id?: string };
  user: { id: string };
  passkeys: object[];
}

const json = async (answer: Promise<Response>): Promise<Told> => JSON.parse(await (await answer).text());

/** A person with an account and an authenticator whose passkey was added. */
async function enrolled(name: string) {
  const visitor = await Visitor.loggedIn(server.url, name);
  const authenticator = new Authenticator(visitor.site);
  const options = await json(visitor.send("POST", "/api/account/passkeys/options", { password: PASSWORD }));
  const credential = authenticator.create(options);
  const added = await visitor.send("POST", "/api/account/passkeys", { name: "Laptop", credential });
  expect(added.status).toBe(204);
  return { visitor, authenticator, credential };
}

/** Logs in with a passkey. */
async function logIn(authenticator: Authenticator) {
  const visitor = new Visitor(server.url);
  const answer = authenticator.get(
    await json(visitor.fetch("/api/session/passkey/options", { method: "POST" })),
  );
  return {
    visitor,
    answer,
    login: await visitor.send("POST", "/api/session/passkey", { credential: answer }),
  };
}

test("a passkey logs in without name, password and code, and its answer only once", async () => {
  const { authenticator } = await enrolled("alice");
  const { visitor, login, answer } = await logIn(authenticator);
  expect(login.status).toBe(204);
  expect(login.headers.get("set-cookie")).toMatch(/; HttpOnly/);
  expect(await visitor.name()).toBe("alice");
  const again = new Visitor(server.url);
  await problemIn(await again.send("POST", "/api/session/passkey", { credential: answer }), "wrong_login");
  expect(await again.name()).toBeNull();
  expect((await logIn(authenticator)).login.status).toBe(204);
});

test("a passkey is listed, and removed by its account only", async () => {
  const { visitor, authenticator, credential } = await enrolled("bob");
  const { passkeys } = await json(visitor.fetch("/api/account"));
  expect(passkeys).toEqual([{ id: credential.id, name: "Laptop", created: expect.stringMatching(/Z$/) }]);
  const other = new Visitor(server.url);
  await other.logIn("carol");
  const path = `/api/account/passkeys/${credential.id}`;
  await problemIn(await other.fetch(path, { method: "DELETE" }), "not_found");
  expect((await visitor.fetch(path, { method: "DELETE" })).status).toBe(204);
  await problemIn((await logIn(authenticator)).login, "wrong_login");
});

test("a passkey of a disabled account does not log in", async () => {
  const { authenticator } = await enrolled("carol");
  server.database.change("setDisabled", { name: "carol", disabled: true });
  await server.read();
  await problemIn((await logIn(authenticator)).login, "wrong_login");
  server.database.change("setDisabled", { name: "carol", disabled: false });
});

test("a passkey is not added without the password, by a token, or without a login", async () => {
  const visitor = new Visitor(server.url);
  await visitor.logIn("alice");
  const path = "/api/account/passkeys/options";
  await problemIn(await visitor.send("POST", path, { password: "wrong" }), "wrong_login");
  await problemIn(await new Visitor(server.url).send("POST", path, { password: PASSWORD }), "login_required");
  const headers = { host: new URL(visitor.site).host, ...bearer(token) };
  const body = JSON.stringify({ password: PASSWORD });
  await problemIn(await server.fetch(path, { method: "POST", headers, body }), "not_allowed");
});

test("where browsers have no passkeys the problem says what is missing", async () => {
  const answer = await server.fetch("/api/session/passkey/options", { method: "POST" });
  expect((await problemIn(answer, "invalid_request")).detail).toContain("--url https://");
});

test("a body without the members of a passkey is refused", async () => {
  const visitor = new Visitor(server.url);
  await problemIn(
    await visitor.send("POST", "/api/session/passkey", { credential: { id: "x" } }),
    "invalid_request",
  );
  await problemIn(
    await visitor.send("POST", "/api/session/passkey", { credential: "x".repeat(40_000) }),
    "body_too_large",
  );
});
