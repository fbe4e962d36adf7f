// Checks Host, so that a website whose name resolves to this machine (DNS rebinding) cannot use the server.

import { isIP } from "node:net";
import { Elysia } from "elysia";
import type { Config } from "../../config/config.ts";
import { Problem } from "../../errors.ts";
import { invalidHeader } from "../../http/invalid-header.ts";
import { hostOf } from "../../http/target.ts";
import { isLoopback } from "../../system/loopback.ts";
import { type Listener, listenerOf } from "../request-info.ts";

/**
 * Refuses a malformed `Host` with 400 `invalid_request`, and names other than those of the server with 421 `misdirected`.
 * On a loopback address or a Unix socket these are the loopback names, those of `hostname` and `acme`, and that of `url`.
 * Elsewhere every name counts, because the server cannot know its own in the network, unless `hostname` or `url` is given; IP
 * addresses always count. A request without a host (HTTP/1.0) passes: no browser sends one.
 */
export function hostname({ hostname: more, url, acme }: Pick<Config, "hostname" | "url" | "acme">) {
  const own = url === undefined ? null : hostOf(new URL(url).host);
  const names = own === null ? more : [...more, own];
  return new Elysia({ name: "hostname" }).onRequest(({ request, server }) => {
    const header = request.headers.get("host");
    if (!header) return;
    const name = hostOf(header);
    if (name === null)
      throw invalidHeader(
        "Host",
        "Send one `Host`: a host name or an IP address, and a port if it is not 80.",
      );
    if (names.includes(name) || acme.includes(name)) return;
    if (isLoopback(name) || name.endsWith(".localhost")) return;
    const local = isLocal(listenerOf(request), server?.hostname);
    if (!local && (names.length === 0 || isIP(name) !== 0)) return;
    throw new Problem(
      "misdirected",
      `This server does not answer to the name ${name}. If clients reach it under this name, start it with --hostname ${name}.`,
    );
  });
}

/**
 * Whether only this machine reaches the address of a request. A proxy in front of a Unix socket may itself be reachable
 * under any name.
 * @param hostname of a server that listens in another way; undefined when the app is called without one
 */
function isLocal(listener: Listener | undefined, hostname: string | undefined): boolean {
  if (listener) return listener.address.kind === "unix" || isLoopback(listener.address.host);
  return isLoopback(hostname ?? "");
}
