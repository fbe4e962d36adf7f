// The checks of a request before its route: the host name that it is for, the website that sent it; and Strict-Transport-Security.

import { Elysia } from "elysia";
import type { Config } from "../../config/config.ts";
import { hostname } from "./hostname.ts";
import { hsts } from "./hsts.ts";
import { origin } from "./origin.ts";

export function guards(config: Pick<Config, "hostname" | "url" | "acme" | "cors" | "hsts">) {
  return new Elysia({ name: "guards" }).use(hsts(config.hsts)).use(hostname(config)).use(origin(config.cors));
}
