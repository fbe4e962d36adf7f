// Tells browsers to come by TLS only (Strict-Transport-Security, RFC 6797).

import { Elysia } from "elysia";
import { isOverTls } from "../../http/target.ts";

/** Adds the header to every answer over TLS, since browsers ignore it elsewhere. @param seconds undefined for none */
export function hsts(seconds: number | undefined) {
  const plugin = new Elysia({ name: "hsts" });
  if (seconds === undefined) return plugin;
  const value = `max-age=${Math.floor(seconds)}`;
  return plugin.onRequest(({ request, set }) => {
    if (isOverTls(request)) set.headers["strict-transport-security"] = value;
  });
}
