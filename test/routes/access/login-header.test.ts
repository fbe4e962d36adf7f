// --login-header: a trusted proxy names the account; the header means nothing from anyone else.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { type AccessServer, startAccessServer } from "../../support/access.ts";
import { problemIn } from "../../support/problem.ts";

const options = { loginHeader: "remote-user" };
let trusting: AccessServer;
let strict: AccessServer;
beforeAll(async () => {
  const fill: Parameters<typeof startAccessServer>[0] = (database) => {
    database.account("alice", { "": "read" });
    database.account("carl", { "": "read" });
    database.change("setDisabled", { name: "carl", disabled: true });
  };
  trusting = await startAccessServer(fill, { ...options, trustedProxy: ["127.0.0.0/8"] });
  strict = await startAccessServer(fill, { ...options, trustedProxy: ["192.0.2.0/24"] });
  for (const { root } of [trusting, strict]) await Bun.write(join(root, "a.txt"), "canary");
});
afterAll(async () => {
  await trusting.stop();
  await strict.stop();
});

const get = (server: AccessServer, name: string, path = "/files/a.txt") =>
  server.fetch(path, { headers: { "remote-user": name } });

test("the account has its own grants", async () => {
  expect(await (await get(trusting, "alice")).text()).toBe("canary");
  expect(await (await get(trusting, "alice", "/api/me")).json()).toMatchObject({
    name: "alice",
    via: "proxy",
  });
});

test("a forged header from another peer is ignored (CVE-2026-54089)", async () => {
  await problemIn(await get(strict, "alice"), "login_required");
  const headers = { "remote-user": "alice", "x-forwarded-for": "192.0.2.1" };
  await problemIn(await strict.fetch("/files/a.txt", { headers }), "login_required");
});

test("a new name becomes an account without grants, once", async () => {
  const answers = await Promise.all(Array.from({ length: 5 }, () => get(trusting, "bj\u00c3\u00b6rn")));
  for (const answer of answers) await problemIn(answer, "not_found");
  const { accounts, rules } = trusting.app.decorator.services.access.snapshot;
  expect(accounts.get("björn")).toMatchObject({ owner: false, password: null });
  expect(rules.filter(({ subject }) => subject === "björn")).toEqual([]);
});

test("a disabled account, and a name that no account can have, are refused", async () => {
  await problemIn(await get(trusting, "carl"), "wrong_login");
  await problemIn(await get(trusting, "@team"), "not_allowed");
});
