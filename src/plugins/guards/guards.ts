// Everything that is decided about a request before its route: by the name of the server, and by the website that sends it.

import { Elysia } from "elysia";
import type { Config } from "../../config/config.ts";
import { hostname } from "./hostname.ts";
import { hsts } from "./hsts.ts";
import { origin } from "./origin.ts";

export function guards(config: Pick<Config, "hostname" | "url" | "acme" | "cors" | "hsts">) {
  return new Elysia({ name: "guards" }).use(hsts(config.hsts)).use(hostname(config)).use(origin(config.cors));
}
