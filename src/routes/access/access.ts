// All routes of logins, accounts, tokens and links: one plugin, so that the type of the app stays within the compiler's depth.

import { Elysia } from "elysia";
import { linkRoutes } from "../links/links.ts";
import type { Services } from "../support/services.ts";
import { accounts } from "./accounts/accounts.ts";
import { invite } from "./accounts/invite.ts";
import { setUp } from "./accounts/setup.ts";
import { tokens } from "./accounts/tokens.ts";
import { ownLinks } from "./links.ts";
import { passkeyLogin } from "./login/passkey-login.ts";
import { providerLogin } from "./login/provider-login.ts";
import { session } from "./login/session.ts";
import { me } from "./me.ts";
import { ownAccountRoute } from "./own/account.ts";
import { passkeys } from "./own/passkeys.ts";
import { ownPassword } from "./own/password.ts";
import { secondFactor } from "./own/second-factor.ts";
import { sessions } from "./own/sessions.ts";

export function accessRoutes(services: Services) {
  return new Elysia({ name: "access-routes" })
    .use(managing(services))
    .use(session(services))
    .use(passkeyLogin(services))
    .use(providerLogin(services))
    .use(me(services))
    .use(ownAccountRoute(services))
    .use(ownPassword(services))
    .use(sessions(services))
    .use(secondFactor(services))
    .use(passkeys(services))
    .use(ownLinks(services))
    .use(linkRoutes(services));
}

/** Grouped, because each plugin of a chain makes the type of the app deeper. */
function managing(services: Services) {
  return new Elysia({ name: "managing-routes" })
    .use(accounts(services))
    .use(setUp(services))
    .use(invite(services))
    .use(tokens(services));
}
