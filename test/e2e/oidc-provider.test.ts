// A whole login through oidc-provider, a certified identity provider in a process of its own.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { Oidc } from "../../src/access/login/oidc.ts";
import { type Program, start } from "../shaped/program.ts";
import { noClients, OIDC_PEER } from "../support/clients.ts";

const none = await noClients("a login through oidc-provider");
const REDIRECT = "https://files.example.org/api/session/oidc/callback";
const SECRET = "a secret: of the client, with + and %";

let provider: Program | undefined;
let issuer = "";
beforeAll(async () => {
  if (none) return;
  provider = await start([process.execPath, OIDC_PEER, SECRET, REDIRECT]);
  issuer = provider.firstLine.replace(/.* /, "");
});
afterAll(async () => {
  await provider?.[Symbol.asyncDispose]();
});

/** Follows the pages of the provider as a browser with cookies. @returns the address to which it sends the browser back */
async function visit(page: string): Promise<URL> {
  const cookies = new Bun.CookieMap();
  let url = new URL(page);
  while (!url.href.startsWith(REDIRECT)) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(url, { redirect: "manual", headers: { cookie } });
    expect({ url: url.pathname, status: answer.status }).toEqual({ url: url.pathname, status: 303 });
    for (const line of answer.headers.getSetCookie()) {
      const { name, value } = Bun.Cookie.parse(line);
      cookies.set(name, value);
    }
    url = new URL(answer.headers.get("location") ?? "", url);
  }
  return url;
}

test.skipIf(none)("a person logs in, with the name and the group that the provider knows", async () => {
  const oidc = new Oidc({
    issuer,
    clientId: "sluice",
    clientSecret: SECRET,
    group: "file-users",
  });
  const { url, state } = await oidc.begin(REDIRECT);
  const back = await visit(`${url}&login_hint=alice`);
  expect(await oidc.finish(back, state)).toEqual({
    issuer,
    subject: "id-of-alice",
    names: ["alice", "alice@example.org"],
  });
  expect(await oidc.finish(back, state).catch((error) => error)).toMatchObject({ code: "wrong_login" });
});

test.skipIf(none)("a wrong secret of the client is a fault of the server", async () => {
  const oidc = new Oidc({ issuer, clientId: "sluice", clientSecret: "other" });
  const { url, state } = await oidc.begin(REDIRECT);
  const back = await visit(`${url}&login_hint=alice`);
  expect(await oidc.finish(back, state).catch((error) => error)).toMatchObject({ code: "provider_failed" });
});
