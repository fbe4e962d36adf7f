// The listener without TLS: answers the challenges of an authority (--acme), and redirects everybody else to https (--redirect-port).

import type { Server } from "bun";
import { hostOf, targetOf } from "../http/target.ts";
import { errnoOf, messageOf } from "../system/errno.ts";
import { isNamed } from "./tls/sni.ts";

/** Where requests are sent to. */
export interface HttpsSite {
  /** Names of this server, in lower case; `*.example.org` stands for every name with one label more. */
  names: readonly string[];
  port: number;
}

export interface HttpListenerOptions {
  /** Addresses or host names. */
  hosts: readonly string[];
  /** 0 chooses any free port. */
  port: number;
  /** Undefined as long as there is no certificate. */
  site: () => HttpsSite | undefined;
}

/** Seconds. */
const IDLE_TIMEOUT = 5;
const CHALLENGE = /^\/\.well-known\/acme-challenge\/([\w-]{1,256})$/;
const READING = new Set(["GET", "HEAD"]);
/** Connections are not kept: nobody has a second request here. */
const HEADERS = {
  connection: "close",
  "content-type": "text/plain; charset=utf-8",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};

export class HttpListener {
  /**
   * The thumbprint of the account that has an open order; null when there is none. The answer to every token follows from it
   * (RFC 8555 section 8.3), and proves nothing for another account.
   */
  thumbprint: string | null = null;
  readonly #servers = new Map<string, Server<undefined>>();

  constructor(readonly options: HttpListenerOptions) {}

  /** The port; undefined when it is not open. */
  get port(): number | undefined {
    return this.#servers.values().next().value?.port;
  }

  /** Opens the port at every address where it is not open yet. @returns why it cannot be opened, as part of a sentence */
  open(): string | undefined {
    for (const host of this.options.hosts) {
      if (this.#servers.has(host)) continue;
      try {
        this.#servers.set(host, this.#listen(host));
      } catch (error) {
        return faultOf(error, this.options.port, host);
      }
    }
    return undefined;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.stop(true)));
    this.#servers.clear();
  }

  #listen(hostname: string): Server<undefined> {
    return Bun.serve({
      hostname,
      port: this.options.port,
      idleTimeout: IDLE_TIMEOUT,
      // Nobody sends a body here; Bun answers 413 to one that is larger.
      maxRequestBodySize: 1,
      // Without `development: false`, which would let another process open the same port.
      fetch: (request) => this.#answer(request),
      error: () => text(500, "The request failed.\n"),
    });
  }

  #answer(request: Request): Response {
    const { path, query } = targetOf(request);
    const token = CHALLENGE.exec(path)?.[1];
    if (token !== undefined && READING.has(request.method))
      return this.thumbprint === null
        ? text(404, "No order is open.\n")
        : text(200, `${token}.${this.thumbprint}`);
    const site = this.options.site();
    if (site === undefined)
      return text(503, "This server has no certificate yet.\n", { "retry-after": "60" });
    const name = nameFor(hostOf(request.headers.get("host") ?? ""), site.names);
    if (name === undefined) return text(404, "This server has another name.\n");
    const port = site.port === 443 ? "" : `:${site.port}`;
    const location = `https://${name}${port}${path.startsWith("/") ? path : "/"}${query && `?${query}`}`;
    return text(308, `${location}\n`, { location });
  }
}

/** The name to send a client to: the one it asked for if it is ours, else our first. Never a name that a client made up. */
function nameFor(host: string | null, names: readonly string[]): string | undefined {
  if (host !== null && isNamed(host, names)) return host;
  return names.find((name) => !name.startsWith("*."));
}

function text(status: number, body: string, headers: Record<string, string> = {}): Response {
  return new Response(body, { status, headers: { ...HEADERS, ...headers } });
}

function faultOf(error: unknown, port: number, host: string): string {
  const code = errnoOf(error);
  if (code === "EADDRINUSE") return `port ${port} of ${host} is already in use`;
  if (code === "EACCES") return `port ${port} needs a privilege that this user lacks`;
  if (code === "EADDRNOTAVAIL") return `${host} is not an address of this machine`;
  return `port ${port} of ${host} cannot be opened (${messageOf(error)})`;
}
