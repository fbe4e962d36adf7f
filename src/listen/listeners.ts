// Serves one app at several addresses: starts a server for each, replaces those with TLS, and stops them all.

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Server, TLSOptions } from "bun";
import type { App } from "../app.ts";
import type { ListenAddress, TcpAddress } from "../config/listen-address.ts";
import { attachListener, type Listener } from "../plugins/request-info.ts";
import { inUrl } from "../system/addresses.ts";
import { type Flags, ListenError, listenError, MANY_ADDRESSES, unknownHost } from "./listen-error.ts";
import { clearStaleSocket, withMode } from "./unix-socket.ts";

/** The value of `tls` of Bun's server; a list has one element for each host name. */
export type Tls = TLSOptions | TLSOptions[];

export interface ListenOptions {
  /**
   * With it, every TCP address speaks TLS. Unix sockets never do. `awaited`: TCP addresses are opened by `begin`, and until then are only
   * known to be free.
   */
  readonly tls?: Tls | "awaited" | undefined;
  /** Whether addresses with TLS offer HTTP/2, and HTTP/3. */
  readonly http2?: boolean;
  readonly http3?: boolean;
  /** The flags that messages name. */
  readonly flags?: Flags;
}

/** The servers of an app. They appear to it as one, `app.server`. */
export class Listeners {
  #serving: readonly Listener[] = [];
  /** Not open, because there is no certificate yet. */
  #awaiting: TcpAddress[] = [];
  /** Replaced, and finishing what they have begun. */
  readonly #retired = new Set<Server<unknown>>();
  #stopped = false;

  private constructor(
    readonly app: App,
    readonly options: ListenOptions,
  ) {}

  /**
   * Listens on all addresses, of which there must be at least one.
   * @throws ListenError when that is not possible on one of them; then none is served
   */
  static async open(
    app: App,
    addresses: readonly ListenAddress[],
    options: ListenOptions = {},
  ): Promise<Listeners> {
    const all = new Listeners(app, options);
    try {
      for (const address of addresses.map((one) => besideIpv4(one, addresses))) {
        const { tls } = options;
        if (tls === "awaited" && address.kind === "tcp") all.#awaiting.push(await all.#free(address));
        else all.#serving = [...all.#serving, await all.#open(address, tls === "awaited" ? undefined : tls)];
      }
    } catch (error) {
      await all.stop(true);
      throw error;
    }
    app.server = all.#asOne();
    return all;
  }

  /** Those that this process listens on, in the order in which they were given. */
  get listeners(): readonly Listener[] {
    return this.#serving;
  }

  /** Whether some wait for the first certificate, and are opened by `begin`. */
  get isWaiting(): boolean {
    return this.#awaiting.length > 0;
  }

  /** Where each is reached, without a slash at the end: `http://127.0.0.1:3000`, `unix:/run/sluice.sock`. */
  get urls(): string[] {
    return this.#serving.map((one) => urlAt(one));
  }

  /**
   * Replaces the certificates: new connections get them, requests that have begun go on. The old ones stay when the new ones are
   * refused. Does nothing after a stop, which would otherwise open the ports again.
   * @throws the error of Bun's server
   */
  reload(tls: Tls): void {
    if (this.#stopped) return;
    const next: Listener[] = [];
    try {
      for (const one of this.#serving) next.push(one.secure ? this.#again(one, tls) : one);
    } catch (error) {
      for (const one of next) if (!this.#serving.includes(one)) void one.server.stop(true);
      throw error;
    }
    const old = this.#serving;
    this.#serving = next;
    for (const { secure, server } of old) if (secure) this.#retire(server);
  }

  /**
   * Opens the addresses that waited for a certificate.
   * @throws ListenError when that is not possible on one of them; it waits on, and so do those after it
   */
  async begin(tls: Tls): Promise<void> {
    for (const address of [...this.#awaiting]) {
      const listener = await this.#open(address, tls);
      this.#awaiting = this.#awaiting.filter((one) => one !== address);
      if (this.#stopped) await listener.server.stop(true);
      else this.#serving = [...this.#serving, listener];
    }
    this.app.server ??= this.#asOne();
  }

  /**
   * Stops listening.
   * @param force also ends running requests
   * @returns when no request runs any more
   */
  async stop(force: boolean): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#servers.map((server) => server.stop(force)));
  }

  get #servers(): Server<unknown>[] {
    return [...this.#serving.map(({ server }) => server), ...this.#retired];
  }

  async #open(address: ListenAddress, tls: Tls | undefined): Promise<Listener> {
    return await this.#tried(address, async () => {
      if (address.kind === "unix") return withMode(address.mode, () => this.#serve(address));
      return tls ? await this.#openSecure(address, tls) : this.#serve(address);
    });
  }

  /** The address, with a port that can be opened. */
  async #free(address: TcpAddress): Promise<TcpAddress> {
    return await this.#tried(address, async () => {
      const { host: hostname, port, ipv6Only = false } = address;
      const server = Bun.serve({ hostname, port, ipv6Only, fetch: () => new Response() });
      await server.stop(true);
      return { ...address, port: server.port ?? port };
    });
  }

  /** @throws ListenError */
  async #tried<T>(address: ListenAddress, step: () => Promise<T>): Promise<T> {
    const { flags = MANY_ADDRESSES } = this.options;
    if (address.kind === "unix") await clearStaleSocket(address.path);
    else if (!(await hasAddress(address.host))) throw unknownHost(address.host, flags);
    try {
      return await step();
    } catch (error) {
      throw error instanceof ListenError ? error : listenError(error, address, flags);
    }
  }

  /**
   * Two servers may share a port only while one replaces the other. A port that is taken is noticed by a server that does
   * not share it.
   */
  async #openSecure(address: TcpAddress, tls: Tls): Promise<Listener> {
    const first = this.#serve(address, { tls });
    const { port = address.port } = first.server;
    await first.server.stop(true);
    return this.#serve({ ...address, port }, { tls, reusePort: true });
  }

  #again({ address, server }: Listener, tls: Tls): Listener {
    if (address.kind === "unix") throw new TypeError("A Unix socket has no certificate.");
    return this.#serve({ ...address, port: server.port ?? address.port }, { tls, reusePort: true });
  }

  #serve(address: ListenAddress, secure?: { tls: Tls; reusePort?: boolean }): Listener {
    const { http2 = false, http3 = false } = this.options;
    const { hostname: _, ...settings } = this.app.config.serve ?? {};
    // Without its type: Bun's types do not say that the idle timeout applies to Unix sockets, too.
    const shared: object = settings;
    const fetch = (request: Request) => {
      attachListener(request, listener);
      return this.app.fetch(request);
    };
    const server =
      address.kind === "unix"
        ? Bun.serve({ ...shared, unix: address.path, fetch })
        : Bun.serve({
            ...shared,
            hostname: address.host,
            port: address.port,
            ipv6Only: address.ipv6Only ?? false,
            ...(secure && { ...secure, http2, http3 }),
            fetch,
          });
    const listener: Listener = { address, secure: secure !== undefined, server };
    return listener;
  }

  #retire(server: Server<unknown>): void {
    this.#retired.add(server);
    void server.stop(false).then(() => this.#retired.delete(server));
  }

  /** All servers as one: its address is that of the first. Bun answers questions about a request at any of its servers. */
  #asOne(): Server<unknown> | null {
    const all = this;
    const [first] = this.#serving;
    if (!first) return null;
    const together = {
      get pendingRequests() {
        return all.#servers.reduce((sum, { pendingRequests }) => sum + pendingRequests, 0);
      },
      stop: (force = false) => all.stop(force),
      closeIdleConnections: () =>
        all.#servers.reduce((sum, server) => sum + server.closeIdleConnections(), 0),
    };
    return new Proxy(first.server, {
      get(_, name) {
        if (name in together) return Reflect.get(together, name);
        const server = all.#serving[0]?.server ?? first.server;
        const value: unknown = Reflect.get(server, name, server);
        return typeof value === "function" ? value.bind(server) : value;
      },
    });
  }
}

/** Where clients reach a listener. */
export function urlAt({ address, secure, server }: Listener, host?: string): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  const [scheme, usual] = secure ? ["https", 443] : ["http", 80];
  const port = server.port === usual ? "" : `:${server.port}`;
  return `${scheme}://${inUrl(host ?? address.host)}${port}`;
}

/** Bun would report a name without an address as an invalid argument, or as a port in use. */
async function hasAddress(host: string): Promise<boolean> {
  if (isIP(host) !== 0) return true;
  return await lookup(host).then(
    () => true,
    () => false,
  );
}

/** Leaves IPv4 to the address that names it: `0.0.0.0:80` and `[::]:80` are often given together. */
function besideIpv4(address: ListenAddress, all: readonly ListenAddress[]): ListenAddress {
  if (address.kind === "unix" || address.host !== "::" || address.port === 0) return address;
  const shared = all.some((one) => one.kind === "tcp" && one.port === address.port && isIP(one.host) === 4);
  return shared ? { ...address, ipv6Only: true } : address;
}
