// GET /api/session/oidc: sends a browser to the identity provider, and logs it in when it comes back.

import { Elysia } from "elysia";
import type { Oidc } from "../../../access/login/oidc.ts";
import { providerAccount } from "../../../access/login/provider-accounts.ts";
import { Problem } from "../../../errors.ts";
import { cookieIn, setCookie } from "../../../http/cookies.ts";
import { targetOf } from "../../../http/target.ts";
import { access, isSecure } from "../../../plugins/access.ts";
import { publicPrefix, requestInfoOf } from "../../../plugins/request-info.ts";
import type { Services } from "../../support/services.ts";
import { beginSession } from "./new-session.ts";
import { originOf } from "./site.ts";

const BACK = "/api/session/oidc/callback";
/** Seconds that a person may take at the provider. */
const LIFETIME = 300;

export function providerLogin(services: Services) {
  const { access: known, logins, config } = services;
  const cookieName = (request: Request) => (isSecure(config, request) ? "__Host-sluice-oidc" : "sluice-oidc");
  const cookie = (request: Request, value: string, maxAge: number): string =>
    setCookie(cookieName(request), value, { maxAge, secure: isSecure(config, request) });
  const backTo = (request: Request): string => originOf(services, request) + publicPrefix(request) + BACK;

  return (
    new Elysia({ name: "provider-login" })
      .use(access(services))
      // Pages for people, not for programs: hidden, and with the query of the provider, whatever it contains.
      .get(
        "/api/session/oidc",
        async ({ request }) => {
          const { url, state } = await providerOf(logins.provider).begin(backTo(request));
          return redirect(url, cookie(request, state, LIFETIME));
        },
        { allow: "public", detail: { hide: true } },
      )
      .get(
        BACK,
        async ({ request }) => {
          const provider = providerOf(logins.provider);
          const returned = new URL(`${backTo(request)}?${targetOf(request).query}`);
          const state = cookieIn(request.headers, cookieName(request));
          // Each code is sent to the provider, so wrong ones count as failures of this address.
          const attempt = logins.limiter.begin(requestInfoOf(request)?.client, undefined);
          const identity = await provider.finish(returned, state).catch((error) => {
            if (error instanceof Problem && error.code === "provider_failed") attempt.withdrawn();
            throw error;
          });
          attempt.succeeded();
          const account = await providerAccount(known, identity, provider.options.group !== undefined);
          const { "set-cookie": session = "" } = await beginSession(services, request, account);
          // The path of the server is added to it.
          return redirect("/", cookie(request, "", 0), session);
        },
        { allow: "public", detail: { hide: true } },
      )
  );
}

/** @throws Problem not_found when the server has no provider */
function providerOf(provider: Oidc | null): Oidc {
  if (provider) return provider;
  throw new Problem("not_found", "This server has no identity provider: start it with --oidc-issuer.");
}

function redirect(location: string, ...cookies: string[]): Response {
  const headers = new Headers({ location, "cache-control": "no-store", "referrer-policy": "no-referrer" });
  for (const value of cookies) headers.append("set-cookie", value);
  return new Response(null, { status: 303, headers });
}
