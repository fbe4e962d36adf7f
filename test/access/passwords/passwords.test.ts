// Passwords: one thread, few waiting requests, and the same work whether the account exists or not.

import { afterAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { Passwords } from "../../../src/access/passwords/passwords.ts";
import { isOutdated } from "../../../src/access/passwords/stored-hash.ts";
import { Problem } from "../../../src/errors.ts";

const passwords = new Passwords();
afterAll(() => passwords.close());
const stored = passwords.hash("correct horse");

test("a password is verified against its hash, which contains its own parameters", async () => {
  const hash = await stored;
  expect(hash).toStartWith("$argon2id$v=19$m=19456,t=2,p=1$");
  expect(isOutdated(hash)).toBe(false);
  expect(await passwords.verify("correct horse", hash)).toBe(true);
  expect(await passwords.verify("correct horses", hash)).toBe(false);
});

test("CVE-2026-23849, GHSA-7789-65hx-f26w: an account that does not exist costs a hash, too", async () => {
  const before = passwords.hashes;
  expect(await passwords.verify("correct horse", undefined)).toBe(false);
  // An account that logs in only with a passkey or through a provider has no hash.
  expect(await passwords.verify("", null)).toBe(false);
  expect(await passwords.verify("", "")).toBe(false);
  expect(passwords.hashes - before).toBe(3);
});

test("two keyboards type the same password: NFC and NFD, and any kind of space", async () => {
  const hash = await passwords.hash("Zo\u00EB\u3000and I");
  expect(await passwords.verify("Zoe\u0308 and I", hash)).toBe(true);
  expect(await passwords.verify("Zoe and I", hash)).toBe(false);
});

test("bcrypt hashes of other programs are verified, and outdated", async () => {
  const hash = Bun.password
    .hashSync("old password", { algorithm: "bcrypt", cost: 4 })
    .replace("$2b$", "$2a$");
  expect(await passwords.verify("old password", hash)).toBe(true);
  expect(await passwords.verify("new password", hash)).toBe(false);
  expect(isOutdated(hash)).toBe(true);
});

test("16 requests wait; more are refused at once with logins_busy and Retry-After", async () => {
  const hash = await stored;
  const before = passwords.hashes;
  const results = await Promise.allSettled(
    Array.from({ length: 50 }, () => passwords.verify("correct horse", hash)),
  );
  const refused = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
  expect(results.filter((result) => result.status === "fulfilled" && result.value)).toHaveLength(17);
  expect(refused).toHaveLength(33);
  for (const problem of refused) {
    if (!(problem instanceof Problem)) throw problem;
    expect({ code: problem.code, status: problem.status, headers: problem.headers }).toEqual({
      code: "logins_busy",
      status: 503,
      headers: { "retry-after": "1" },
    });
  }
  expect(passwords.hashes - before).toBe(17);
  expect(await passwords.verify("correct horse", hash)).toBe(true);
});

test.skipIf(process.platform !== "linux")("the thread yields to those that serve requests", async () => {
  await stored;
  const niceOf = (task: string): number => {
    const text = readFileSync(`/proc/self/task/${task}/stat`, "latin1");
    // The name in parentheses may contain spaces; nice is field 19 of proc(5), and the one after the name is field 3.
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[16]);
  };
  const tasks = readdirSync("/proc/self/task");
  expect(tasks.map(niceOf)).toContain(Math.min(19, niceOf(String(process.pid)) + 5));
});

describe("a stored hash", () => {
  const tail = "$YWFhYWFhYWFhYWFhYWFhYQ$YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE";
  test.each([
    `$argon2id$v=19$m=2097152,t=1,p=1${tail}`,
    `$argon2id$v=19$m=19456,t=4000000,p=1${tail}`,
    "$2b$31$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
  ])("with huge parameters is refused before a hash is computed: %s", async (hash) => {
    const before = passwords.hashes;
    expect(await passwords.verify("any", hash).catch((error) => error)).toMatchObject({ code: "internal" });
    expect(passwords.hashes).toBe(before);
  });

  test("that cannot be read fails, and the thread goes on", async () => {
    // The cost is fine; the last character of the salt has bits that no encoder writes.
    const broken = `$2b$04$${"a".repeat(53)}`;
    expect(await passwords.verify("any", broken).catch((error) => error)).toMatchObject({
      code: "internal",
      cause: { message: expect.stringContaining("InvalidEncoding") },
    });
    expect(await passwords.verify("correct horse", await stored)).toBe(true);
  });
});

test("a closed thread rejects what waits, and starts again when it is asked", async () => {
  const other = new Passwords();
  const waiting = other.hash("correct horse").catch((error) => error);
  other.close();
  expect(await waiting).toMatchObject({ code: "draining" });
  expect(await other.hash("correct horse")).toStartWith("$argon2id$");
  other.close();
});
