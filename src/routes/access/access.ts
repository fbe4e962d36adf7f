// All routes of logins, accounts, tokens and links: one plugin, so that the type of the app stays within the compiler's depth.

import { Elysia } from "elysia";
import type { Services } from "../support/services.ts";
import { me } from "./me.ts";
import { session } from "./session.ts";

export function accessRoutes(services: Services) {
  return new Elysia({ name: "access-routes" }).use(session(services)).use(me(services));
}
