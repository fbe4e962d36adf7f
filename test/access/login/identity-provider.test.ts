// The options of an identity provider: what belongs together, and the file of the secret.

import { afterAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identityProvider } from "../../../src/access/login/identity-provider.ts";

const folder = await mkdtemp(join(tmpdir(), "sluice-provider-"));
afterAll(() => rm(folder, { recursive: true }));

const ISSUER = { oidcIssuer: "https://id.example.org", oidcClient: "sluice" };
const messageOf = (settings: Parameters<typeof identityProvider>[0]) =>
  identityProvider(settings).then(
    () => "accepted",
    ({ message }) => message,
  );

test("without an issuer there is none, and the other options are refused", async () => {
  expect(await identityProvider({})).toBeNull();
  for (const one of [{ oidcClient: "a" }, { oidcSecretFile: "a" }, { oidcGroup: "a" }])
    expect(await messageOf(one)).toContain("need --oidc-issuer");
});

test("the secret is the text of its file, without the end of the line", async () => {
  const file = join(folder, "secret");
  await Bun.write(file, "s3cret\n");
  const provider = await identityProvider({ ...ISSUER, oidcSecretFile: file, oidcGroup: "users" });
  expect(provider?.options).toEqual({
    issuer: "https://id.example.org",
    clientId: "sluice",
    clientSecret: "s3cret",
    group: "users",
  });
});

test("a client without a secret is public", async () => {
  expect((await identityProvider(ISSUER))?.options).toEqual({
    issuer: "https://id.example.org",
    clientId: "sluice",
  });
});

test("what is missing is named", async () => {
  const empty = join(folder, "empty");
  await Bun.write(empty, "\n");
  expect(await messageOf({ oidcIssuer: "https://id.example.org" })).toContain("needs --oidc-client");
  expect(await messageOf({ ...ISSUER, oidcSecretFile: empty })).toContain(`${empty} is empty`);
  expect(await messageOf({ ...ISSUER, oidcSecretFile: join(folder, "none") })).toContain("cannot be read");
});
