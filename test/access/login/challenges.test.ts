// Challenges: genuine, for one purpose, for five minutes, once; and making them takes no memory.

import { expect, test } from "bun:test";
import { Challenges } from "../../../src/access/login/challenges.ts";

/** Challenges with a clock that the test moves. */
function timed() {
  const clock = { now: 1000 };
  return { clock, challenges: new Challenges(() => clock.now) };
}

test("a challenge is accepted once, for its purpose", () => {
  const { challenges } = timed();
  const challenge = challenges.issue("login");
  expect(challenge).toMatch(/^[\w-]{54}$/);
  expect(challenges.spend(challenge, "register alice")).toBe(false);
  expect(challenges.isOpen(challenge, "login")).toBe(true);
  expect(challenges.spend(challenge, "login")).toBe(true);
  expect(challenges.isOpen(challenge, "login")).toBe(false);
  expect(challenges.spend(challenge, "login")).toBe(false);
});

test("a challenge ends after five minutes, and its end cannot be changed", () => {
  const { challenges, clock } = timed();
  const [one, other] = [challenges.issue("login"), challenges.issue("login")];
  clock.now += 299_999;
  expect(challenges.spend(one, "login")).toBe(true);
  clock.now += 1;
  expect(challenges.spend(other, "login")).toBe(false);
  const bytes = Buffer.from(other, "base64url");
  bytes.writeDoubleBE(clock.now + 1000, 16);
  expect(challenges.spend(bytes.toString("base64url"), "login")).toBe(false);
});

test.each(["", "a", "=", "\u0000", "x".repeat(54), "x".repeat(100_000)])(
  "%#: an invented challenge is refused",
  (text) => {
    expect(timed().challenges.spend(text, "login")).toBe(false);
  },
);

test("a spent challenge has no second spelling", () => {
  const { challenges } = timed();
  const challenge = challenges.issue("login");
  expect(challenges.spend(challenge, "login")).toBe(true);
  for (const other of [
    `${challenge}=`,
    ` ${challenge}`,
    `${challenge}!`,
    challenge.replace(/.$/, (last) => next(last)),
  ])
    expect(challenges.spend(other, "login")).toBe(false);
});

test("another process accepts none", () => {
  const challenge = new Challenges().issue("login");
  expect(new Challenges().spend(challenge, "login")).toBe(false);
});

test("10,000 spent challenges are remembered; more are refused until some expire", () => {
  const { challenges, clock } = timed();
  for (let index = 0; index < 10_000; index += 1)
    expect(challenges.spend(challenges.issue("a"), "a")).toBe(true);
  expect(challenges.spend(challenges.issue("a"), "a")).toBe(false);
  clock.now += 300_000;
  expect(challenges.spend(challenges.issue("a"), "a")).toBe(true);
});

test("secrets of a challenge differ by name, by challenge and by process", () => {
  const [one, other] = [new Challenges(), new Challenges()];
  const [a, b] = [one.issue("oidc"), one.issue("oidc")];
  const secrets = [
    one.secretOf(a, "nonce"),
    one.secretOf(a, "verifier"),
    one.secretOf(b, "nonce"),
    other.secretOf(a, "nonce"),
  ];
  expect(new Set(secrets).size).toBe(4);
  expect(one.secretOf(a, "nonce")).toBe(secrets[0] ?? "");
  // A verifier of PKCE has 43 characters (RFC 7636 section 4.1).
  expect(secrets[1]).toMatch(/^[\w-]{43}$/);
});

/** The next character of the alphabet: the decoder ignores its lowest bits at the end. */
function next(character: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return alphabet[(alphabet.indexOf(character) + 1) % 64] ?? "";
}
