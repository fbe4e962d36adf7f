// A server for one test: a real socket on a free port, a temporary root, and a log that is stored instead of printed.

import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type App, type AppOptions, createApp } from "../../src/app.ts";
import { WORDS } from "../../src/config/config.ts";
import { Listeners } from "../../src/listen/listeners.ts";
import { createLog } from "../../src/plugins/log.ts";
import { testCertificate } from "./certificate.ts";
import { patient } from "./patience.ts";
import { encrypted } from "./protocol.ts";

/** Options of the app. By default everything is granted and no space is kept free. */
export interface ServerOptions extends Omit<AppOptions, "root" | "port" | "host"> {
  /** An existing root, which is left when the server stops. @default a new temporary folder */
  root?: string;
  /** @default 127.0.0.1 */
  listenOn?: string;
  /** Speaks HTTP/1.1 and HTTP/2 over TLS, with a certificate that `fetch` trusts; or HTTP/3, too. @default `PROTOCOL` */
  tls?: boolean | "http3";
}

/** A running server. Stopped by `await using` or `stop`. */
export interface TestServer extends AsyncDisposable {
  /** Without a slash at the end. */
  url: string;
  /** The real path of the served folder. */
  root: string;
  app: App;
  /** The log lines so far. */
  log: string[];
  /** Sends a request to a path of this server. */
  fetch: (path: string, init?: BunFetchRequestInit) => Promise<Response>;
  /** Closes all connections, and removes the root if the server created it. Idempotent. */
  stop: () => Promise<void>;
}

/** Starts a server in this process. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const { root: given, listenOn = "127.0.0.1", listen = [], tls = encrypted !== null, ...rest } = options;
  const root = await realpath(given ?? (await mkdtemp(join(tmpdir(), "sluice-test-"))));
  const log: string[] = [];
  const app = await createApp({
    allow: new Set(WORDS),
    keepFree: 0,
    logger: createLog(rest.log ?? "text", (line) => log.push(line), rest.logLevel),
    ...rest,
    root,
  });
  await app.modules;
  const certificate = tls ? testCertificate() : undefined;
  const secure = certificate && { tls: certificate, http2: true, http3: tls === "http3" };
  await Listeners.open(app, [{ kind: "tcp", host: listenOn, port: 0 }, ...listen], secure);
  const url = `${certificate ? "https" : "http"}://127.0.0.1:${app.server?.port}`;
  const trust = certificate ? { tls: { ca: certificate.cert } } : {};

  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await app.stop(true);
    await app.decorator.services.close();
    if (given === undefined) await rm(root, { recursive: true, force: true });
  };
  const stopOnce = (): Promise<void> => {
    stopping ??= stop();
    return stopping;
  };
  return {
    url,
    root,
    app,
    log,
    fetch: (path, init) => fetch(url + path, { ...trust, ...init }),
    stop: stopOnce,
    [Symbol.asyncDispose]: stopOnce,
  };
}

/** Polls until a condition holds, ever less often. @throws Error with `what` after `seconds`, scaled by `patient` */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  seconds = 10,
): Promise<void> {
  const limit = patient(seconds);
  const start = performance.now();
  while (!(await holds())) {
    const waited = performance.now() - start;
    if (waited > limit * 1000) throw new Error(`Not within ${limit} s: ${what}`);
    // Each look takes processor time from whatever is slow already.
    await Bun.sleep(Math.min(5 + waited / 50, 50));
  }
}

/** The grant that a route declares in `allow`; the plugin of the page's files declares it for all of them. */
export function allowOf({ hooks }: TestServer["app"]["routes"][number]): unknown {
  return hooks.detail && "x-allow" in hooks.detail ? hooks.detail["x-allow"] : undefined;
}
