// Limits of logins over HTTP: who is counted, what is not computed, and that nobody can lock an account out.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type AccessServer, basic, PASSWORD, startAccessServer } from "../../../support/access.ts";
import { problemIn } from "../../../support/problem.ts";
import { amount } from "../../../support/switches.ts";

let server: AccessServer;
beforeAll(async () => {
  server = await startAccessServer(
    (database) => {
      for (const name of ["alice", "bob", "carol", "dora", "erin", "frank"])
        database.account(name, { "": "read" });
    },
    // Requests come from the address that the header says, as behind a proxy on this machine.
    { trustedProxy: ["127.0.0.1/32"] },
  );
});
afterAll(() => server.stop());

const hashes = (): number => server.app.decorator.services.logins.passwords.hashes;

function logIn(from: string, name: string, password = PASSWORD): Promise<Response> {
  return server.fetch("/api/session", {
    method: "POST",
    headers: { "content-type": "application/json", "x-forwarded-for": from },
    body: JSON.stringify({ name, password }),
  });
}

function meAs(from: string, name: string, password = PASSWORD): Promise<Response> {
  return server.fetch("/api/me", { headers: { ...basic(name, password), "x-forwarded-for": from } });
}

/** Wrong logins, one after the other. @returns how many of them were checked */
async function guess(
  count: number,
  from: (index: number) => string,
  name: string,
  by = logIn,
): Promise<number> {
  let checked = 0;
  for (let index = 0; index < count; index += 1)
    if ((await by(from(index), name, `guess number ${index}`)).status === 401) checked += 1;
  return checked;
}

describe("an address that failed ten times", () => {
  test("waits, also with the right password; others do not", async () => {
    expect(await guess(12, () => "192.0.2.1", "alice")).toBe(10);
    const refused = await logIn("192.0.2.1", "alice");
    const { detail } = await problemIn(refused, "too_many_logins");
    expect(Number(refused.headers.get("retry-after"))).toBeWithin(1, 31);
    expect(detail).toContain(`in ${refused.headers.get("retry-after")} seconds`);
    expect((await logIn("192.0.2.2", "alice")).status).toBe(204);
  });

  test("GHSA-r4v7-6wcg-ghj5: is not another one because of a forged X-Forwarded-For", async () => {
    expect(await guess(30, (index) => `203.0.113.${index}, 192.0.2.3`, "bob")).toBe(10);
    await problemIn(await logIn("192.0.2.3", "bob"), "too_many_logins");
  });

  test("is a /64 network of IPv6", async () => {
    expect(await guess(30, (index) => `2001:db8:0:1::${index}`, "bob")).toBe(10);
    await problemIn(await logIn("2001:db8:0:1:ffff::1", "bob"), "too_many_logins");
  });

  test("failed by Basic, with any password, too", async () => {
    expect(await guess(12, () => "192.0.2.4", "carol", meAs)).toBe(10);
    await problemIn(await meAs("192.0.2.4", "carol"), "too_many_logins");
  });
});

test("an address that logged in before is free of the account's limit, so that nobody is locked out", async () => {
  expect((await logIn("198.51.100.1", "dora")).status).toBe(204);
  const attack = (index: number) => `203.0.113.${index}`;
  expect(await guess(25, attack, "dora")).toBe(20);
  await problemIn(await logIn("198.51.100.2", "dora"), "too_many_logins");
  expect((await logIn("198.51.100.1", "dora")).status).toBe(204);
  expect((await meAs("198.51.100.1", "dora")).status).toBe(200);
});

test("a name without an account is limited alike, and costs as many hashes", async () => {
  const before = hashes();
  expect(await guess(25, (index) => `198.18.0.${index}`, "erin")).toBe(20);
  const exists = hashes() - before;
  expect(await guess(25, (index) => `198.18.1.${index}`, "nobody")).toBe(20);
  expect([exists, hashes() - before]).toEqual([20, 40]);
});

test("50 guesses at once: ten are checked", async () => {
  const before = hashes();
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) => logIn("192.0.2.5", `n${index}`, "guess")),
  );
  expect(answers.filter(({ status }) => status === 401)).toHaveLength(10);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(40);
  expect(hashes() - before).toBe(10);
});

test("thousands of wrong logins cost ten hashes, and one more every 30 seconds", async () => {
  const before = hashes();
  const began = performance.now();
  const checked = await guess(amount("LOGINS", 1000, 10_000), () => "192.0.2.6", "grace");
  const most = 11 + (performance.now() - began) / 30_000;
  expect(checked).toBeWithin(10, most);
  expect(hashes() - before).toBe(checked);
});

test("1,000 requests with Basic, many at once, cost one hash", async () => {
  const before = hashes();
  for (let round = 0; round < 20; round += 1) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => meAs("192.0.2.7", "frank")));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
  }
  // The hash of the database was made by bcrypt, so another one is made for the next time.
  expect(hashes() - before).toBeLessThanOrEqual(2);
});

test("GHSA-w5fm-68j4-fpc4: a login of more than 4 KiB is refused before it is checked", async () => {
  const before = hashes();
  await problemIn(await logIn("192.0.2.8", "alice", "x".repeat(100_000)), "body_too_large");
  expect(hashes()).toBe(before);
});

test("on a server without a trusted proxy, X-Forwarded-For does not count", async () => {
  await using plain = await startAccessServer((database) => database.account("alice", { "": "read" }));
  const { logins } = plain.app.decorator.services;
  let checked = 0;
  for (let index = 0; index < 25; index += 1) {
    const headers = { "content-type": "application/json", "x-forwarded-for": `203.0.113.${index}` };
    const body = JSON.stringify({ name: "alice", password: `guess number ${index}` });
    if ((await plain.fetch("/api/session", { method: "POST", headers, body })).status === 401) checked += 1;
  }
  expect([checked, logins.passwords.hashes]).toEqual([20, 20]);
});
