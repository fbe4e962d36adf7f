// Passkeys: registration, login, and every forgery that they must refuse.

import { describe, expect, test } from "bun:test";
import { Challenges } from "../../../src/access/login/challenges.ts";
import { Passkeys, relyingPartyOf, type StoredPasskey } from "../../../src/access/login/passkeys.ts";
import { Authenticator, type Forgery } from "../../support/authenticator.ts";

const PARTY = { id: "files.example.org", origin: "https://files.example.org" };
const ALICE = { name: "alice", uid: "Xk29fLq0Zp31vBn7", passkeys: [] };
const BOB = { name: "bob", uid: "bbbbbbbbbbbbbbbb", passkeys: [] };

/** An authenticator with a passkey of alice, and the store that has it. */
async function enrolled() {
  const clock = { now: 0 };
  const passkeys = new Passkeys(new Challenges(() => clock.now));
  const authenticator = new Authenticator(PARTY.origin);
  const options = await passkeys.registration(PARTY, ALICE);
  const stored = await passkeys.register(PARTY, ALICE, authenticator.create(options));
  const store = new Map<string, StoredPasskey & { uid: string }>([
    [stored.id, { ...stored, uid: ALICE.uid }],
  ]);
  const find = (id: string) => store.get(id);
  const login = async (forgery?: Forgery) => {
    const { rpId = "", challenge } = await passkeys.login(PARTY);
    const found = await passkeys.verify(PARTY, authenticator.get({ challenge, rpId }, forgery), find);
    store.set(found.id, found);
    return found;
  };
  return { clock, passkeys, authenticator, stored, store, find, login };
}

test("a passkey is registered, logs in, and its counter grows", async () => {
  const { stored, login } = await enrolled();
  expect(stored).toMatchObject({ counter: 0, transports: "internal,hybrid" });
  expect(await login()).toMatchObject({ id: stored.id, uid: ALICE.uid, counter: 1 });
  expect(await login()).toMatchObject({ counter: 2 });
});

test("a passkey that does not count always says 0", async () => {
  const { login } = await enrolled();
  expect(await login({ counter: 0 })).toMatchObject({ counter: 0 });
  expect(await login({ counter: 0 })).toMatchObject({ counter: 0 });
});

test("the options of a login are the same for everybody, but for the challenge", async () => {
  const { passkeys } = await enrolled();
  const { challenge, ...options } = await passkeys.login(PARTY);
  expect(options).toEqual({
    rpId: PARTY.id,
    timeout: 240_000,
    userVerification: "required",
  });
  expect(challenge).not.toBe((await passkeys.login(PARTY)).challenge);
});

test("the options of a registration name the account, and exclude its passkeys", async () => {
  const { passkeys, stored } = await enrolled();
  const options = await passkeys.registration(PARTY, { ...ALICE, passkeys: [stored] });
  expect(options).toMatchObject({
    rp: { id: PARTY.id, name: "Sluice" },
    user: { name: "alice", id: Buffer.from(ALICE.uid).toString("base64url") },
    attestation: "none",
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
    excludeCredentials: [{ id: stored.id, transports: ["internal", "hybrid"] }],
  });
});

describe("a login is refused", () => {
  test.each<[string, Forgery]>([
    ["from another website", { origin: "https://files.example.com" }],
    ["over http", { origin: "http://files.example.org" }],
    ["for another host", { rpId: "example.org" }],
    ["without the verification of a person", { unverified: true }],
    ["with the handle of another account", { userHandle: Buffer.from(BOB.uid).toString("base64url") }],
    ["without a handle", { userHandle: "" }],
    ["with an invented challenge", { challenge: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }],
  ])("%s", async (_, forgery) => {
    const { login } = await enrolled();
    expect(await login(forgery).catch((error) => error)).toMatchObject({ code: "wrong_login", status: 401 });
    // Only the forgery was wrong.
    expect(await login()).toMatchObject({ uid: ALICE.uid });
  });

  test("when its counter does not grow, because the passkey was copied", async () => {
    const { login } = await enrolled();
    await login({ counter: 5 });
    expect(await login({ counter: 5 }).catch((error) => error)).toMatchObject({ code: "wrong_login" });
    expect(await login({ counter: 4 }).catch((error) => error)).toMatchObject({ code: "wrong_login" });
    expect(await login({ counter: 6 })).toMatchObject({ counter: 6 });
  });

  test("when its answer is sent twice", async () => {
    const { passkeys, authenticator, find } = await enrolled();
    const { challenge } = await passkeys.login(PARTY);
    const answer = authenticator.get({ challenge, rpId: PARTY.id });
    // Not even when both arrive at once.
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, () => passkeys.verify(PARTY, answer, find)),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("after five minutes", async () => {
    const { clock, passkeys, authenticator, find } = await enrolled();
    const { challenge } = await passkeys.login(PARTY);
    clock.now = 300_000;
    const answer = authenticator.get({ challenge, rpId: PARTY.id });
    expect(await passkeys.verify(PARTY, answer, find).catch((error) => error)).toMatchObject({
      code: "wrong_login",
    });
  });

  test("with the challenge of a registration", async () => {
    const { passkeys, authenticator, find } = await enrolled();
    const { challenge } = await passkeys.registration(PARTY, ALICE);
    const answer = authenticator.get({ challenge, rpId: PARTY.id });
    expect(await passkeys.verify(PARTY, answer, find).catch((error) => error)).toMatchObject({
      code: "wrong_login",
    });
  });

  test("with an unknown passkey, and with a signature of another key", async () => {
    const { passkeys, store, stored, login, find } = await enrolled();
    const stranger = new Authenticator(PARTY.origin);
    stranger.create(await passkeys.registration(PARTY, ALICE));
    const { challenge } = await passkeys.login(PARTY);
    const answer = stranger.get({ challenge, rpId: PARTY.id });
    expect(await passkeys.verify(PARTY, answer, find).catch((error) => error)).toMatchObject({
      code: "wrong_login",
    });
    const renamed = { ...answer, id: stored.id, rawId: stored.id };
    expect(await passkeys.verify(PARTY, renamed, find).catch((error) => error)).toMatchObject({
      code: "wrong_login",
    });
    expect(store.size).toBe(1);
    expect(await login()).toMatchObject({ uid: ALICE.uid });
  });

  test.each(["e30", "bnVsbA", "", "W10"])("with broken client data: %p", async (clientDataJSON) => {
    const { passkeys, authenticator, find } = await enrolled();
    const answer = authenticator.get({ challenge: (await passkeys.login(PARTY)).challenge, rpId: PARTY.id });
    const broken = { ...answer, response: { ...answer.response, clientDataJSON } };
    expect(await passkeys.verify(PARTY, broken, find).catch((error) => error)).toMatchObject({
      code: "wrong_login",
    });
  });
});

describe("a registration is refused", () => {
  test.each<[string, Forgery]>([
    ["from another website", { origin: "https://files.example.com" }],
    ["for another host", { rpId: "example.org" }],
    ["without the verification of a person", { unverified: true }],
  ])("%s", async (_, forgery) => {
    const { passkeys } = await enrolled();
    const made = new Authenticator(PARTY.origin).create(await passkeys.registration(PARTY, ALICE), forgery);
    expect(await passkeys.register(PARTY, ALICE, made).catch((error) => error)).toMatchObject({
      code: "invalid_request",
    });
  });

  test.each(["android-key", "packed", "tpm", "fido-u2f", "apple", "android-safetynet"])(
    "with certificates, from which the server would fetch addresses of lists: %s",
    async (attestation) => {
      const { passkeys } = await enrolled();
      const made = new Authenticator(PARTY.origin).create(await passkeys.registration(PARTY, ALICE), {
        attestation,
      });
      expect(await passkeys.register(PARTY, ALICE, made).catch((error) => error)).toMatchObject({
        code: "invalid_request",
        cause: { message: "The attestation has certificates." },
      });
    },
  );

  test("for another account than it was begun for, and twice", async () => {
    const { passkeys } = await enrolled();
    const made = new Authenticator(PARTY.origin).create(await passkeys.registration(PARTY, BOB));
    const invalid = { code: "invalid_request" };
    expect(await passkeys.register(PARTY, ALICE, made).catch((error) => error)).toMatchObject(invalid);
    expect(await passkeys.register(PARTY, BOB, made)).toMatchObject({ counter: 0 });
    expect(await passkeys.register(PARTY, BOB, made).catch((error) => error)).toMatchObject(invalid);
  });
});

test.each([
  ["https://files.example.org/sub/", { id: "files.example.org", origin: "https://files.example.org" }],
  ["https://files.example.org:8443", { id: "files.example.org", origin: "https://files.example.org:8443" }],
  ["http://localhost:3000", { id: "localhost", origin: "http://localhost:3000" }],
  ["http://files.localhost", { id: "files.localhost", origin: "http://files.localhost" }],
  ["http://files.example.org", undefined],
  ["https://192.0.2.1", undefined],
  ["https://[2001:db8::1]", undefined],
  ["http://127.0.0.1:3000", undefined],
])("under %s passkeys belong to %p", (url, party) => {
  expect(relyingPartyOf(url)).toEqual(party);
});
