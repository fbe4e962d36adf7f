// Logging in through an identity provider: the flow, and every answer of a provider that must be refused.

import { afterAll, describe, expect, test } from "bun:test";
import { Challenges } from "../../../src/access/login/challenges.ts";
import { Oidc, type OidcOptions } from "../../../src/access/login/oidc.ts";
import { IdentityProvider, type Provided } from "../../support/identity-provider.ts";

const REDIRECT = "https://files.example.org/api/session/oidc/callback";
const provider = new IdentityProvider();
afterAll(() => provider[Symbol.asyncDispose]());

function client(options: Partial<OidcOptions> = {}, challenges?: Challenges): Oidc {
  const { issuer } = provider;
  return new Oidc({ issuer, clientId: "sluice", clientSecret: "s3cret", ...options }, challenges);
}

/** A whole login. */
async function login(provided: Provided, options?: Partial<OidcOptions>) {
  provider.provided = provided;
  const oidc = client(options);
  const { url, state } = await oidc.begin(REDIRECT);
  return oidc.finish(provider.login(url), state);
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "accepted",
    ({ code }) => code,
  );

test("a person comes back with an identity", async () => {
  const claims = { preferred_username: "alice", email: "alice@example.org", email_verified: true };
  expect(await login({ claims })).toEqual({
    issuer: provider.issuer,
    subject: "person-1",
    names: ["alice", "alice@example.org"],
  });
  expect(provider.authorization).toBe(`Basic ${btoa("sluice:s3cret")}`);
});

test("the page of the provider is asked for a code with PKCE, state and nonce", async () => {
  const { url, state } = await client().begin(REDIRECT);
  expect(Object.fromEntries(new URL(url).searchParams)).toEqual({
    client_id: "sluice",
    redirect_uri: REDIRECT,
    response_type: "code",
    scope: "openid profile email",
    state,
    nonce: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge_method: "S256",
  });
});

test("the provider is not asked for anything before the first login, and its metadata once", async () => {
  provider.provided = { claims: { preferred_username: "alice" } };
  const before = provider.asked.length;
  const oidc = client();
  expect(provider.asked.length).toBe(before);
  for (let count = 0; count < 2; count += 1) {
    const { url, state } = await oidc.begin(REDIRECT);
    await oidc.finish(provider.login(url), state);
  }
  expect(provider.asked.slice(before)).toEqual([
    "/.well-known/openid-configuration",
    "/token",
    "/keys",
    "/token",
  ]);
});

describe("an e-mail address", () => {
  test.each([[false], [undefined], ["false"], [0], ["no"]])(
    "is no name when email_verified is %p",
    async (verified) => {
      const claims = { email: "alice@example.org", email_verified: verified };
      expect(await login({ claims })).toMatchObject({ names: [] });
    },
  );
});

describe("Quantum#1668, #1486: a group", () => {
  const group = "file-users";

  test("admits its members", async () => {
    expect(await login({ claims: { groups: ["a", group] } }, { group })).toMatchObject({
      subject: "person-1",
    });
    expect(await login({ claims: { groups: group } }, { group })).toMatchObject({ subject: "person-1" });
  });

  test("may be told by UserInfo alone", async () => {
    expect(await login({ userInfo: { groups: [group] } }, { group })).toMatchObject({ subject: "person-1" });
  });

  test.each<[unknown]>([
    [[]],
    [["file-users-2", "file"]],
    ["file-users,other"],
    [undefined],
    [null],
    [{ "file-users": 1 }],
  ])("refuses others: %p", async (groups) => {
    expect(await codeOf(login({ claims: { groups } }, { group }))).toBe("not_allowed");
  });

  test("of the ID token counts more than that of UserInfo, which is not signed", async () => {
    expect(await codeOf(login({ claims: { groups: [] }, userInfo: { groups: [group] } }, { group }))).toBe(
      "not_allowed",
    );
  });
});

describe("a login is refused", () => {
  const past = Math.floor(Date.now() / 1000) - 3600;
  test.each<[string, Provided]>([
    ["with a broken signature, although the code flow came over TLS", { signature: "forged" }],
    ["without a signature", { signature: "none" }],
    ["for another client", { token: { aud: "other" } }],
    ["of another issuer", { token: { iss: "https://evil.example" } }],
    ["with another nonce", { token: { nonce: "other" } }],
    ["without a nonce", { token: { nonce: undefined } }],
    ["after its end", { token: { exp: past } }],
    ["without a subject", { token: { sub: undefined } }],
    ["when UserInfo is about somebody else", { claims: { sub: "person-1" }, userInfo: { sub: "person-2" } }],
    ["when the code is not accepted", { error: "invalid_grant" }],
  ])("%s", async (_, provided) => {
    expect(await codeOf(login(provided))).toBe("wrong_login");
  });

  test("in a browser that did not begin it", async () => {
    provider.provided = {};
    const oidc = client();
    const { url } = await oidc.begin(REDIRECT);
    expect(await codeOf(oidc.finish(provider.login(url), undefined))).toBe("wrong_login");
    const other = await oidc.begin(REDIRECT);
    expect(await codeOf(oidc.finish(provider.login(url), other.state))).toBe("wrong_login");
  });

  test("with a state that this server did not make, or that was used", async () => {
    provider.provided = {};
    const { url, state } = await client().begin(REDIRECT);
    expect(await codeOf(client().finish(provider.login(url), state))).toBe("wrong_login");
    const oidc = client();
    const own = await oidc.begin(REDIRECT);
    expect(await codeOf(oidc.finish(provider.login(own.url), own.state))).toBe("accepted");
    expect(await codeOf(oidc.finish(provider.login(own.url), own.state))).toBe("wrong_login");
  });

  test("after five minutes", async () => {
    provider.provided = {};
    const clock = { now: 0 };
    const oidc = client({}, new Challenges(() => clock.now));
    const { url, state } = await oidc.begin(REDIRECT);
    clock.now = 300_000;
    expect(await codeOf(oidc.finish(provider.login(url), state))).toBe("wrong_login");
  });

  test("with the code of another login: PKCE binds it to the browser that began it", async () => {
    provider.provided = {};
    const oidc = client();
    const [victim, attacker] = [await oidc.begin(REDIRECT), await oidc.begin(REDIRECT)];
    const stolen = provider.login(victim.url);
    stolen.searchParams.set("state", attacker.state);
    expect(await codeOf(oidc.finish(stolen, attacker.state))).toBe("wrong_login");
  });

  test("when the person declines", async () => {
    const oidc = client();
    const { state } = await oidc.begin(REDIRECT);
    const declined = new URL(`${REDIRECT}?error=access_denied&state=${state}`);
    expect(await codeOf(oidc.finish(declined, state))).toBe("wrong_login");
  });
});

describe("provider_failed: it is the provider, not the person", () => {
  test("when it cannot be reached; the next login asks it again", async () => {
    const oidc = client({ issuer: "http://127.0.0.1:1" });
    expect(await codeOf(oidc.begin(REDIRECT))).toBe("provider_failed");
    expect(await codeOf(oidc.begin(REDIRECT))).toBe("provider_failed");
  });

  test("when its metadata is of another issuer", async () => {
    expect(await codeOf(login({ issuer: "https://evil.example" }))).toBe("provider_failed");
  });

  test.each(["invalid_client", "server_error"])("when it refuses this server: %s", async (error) => {
    expect(await codeOf(login({ error }))).toBe("provider_failed");
  });

  test("when it is not reached over TLS, except on this machine", async () => {
    expect(await codeOf(client({ issuer: "http://id.example.invalid" }).begin(REDIRECT))).toBe(
      "provider_failed",
    );
  });
});

test("a client without a secret is public", async () => {
  provider.provided = { claims: { preferred_username: "alice" } };
  const oidc = new Oidc({ issuer: provider.issuer, clientId: "sluice" });
  const { url, state } = await oidc.begin(REDIRECT);
  expect(await oidc.finish(provider.login(url), state)).toMatchObject({ subject: "person-1" });
  expect(provider.authorization).toBeNull();
});
