// A server for one test: a real socket on a free port, a temporary root, and a log that is stored instead of printed.

import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type App, type AppOptions, createApp } from "../../src/app.ts";
import { GRANTS } from "../../src/config/config.ts";
import { createLog } from "../../src/plugins/log.ts";
import { patient } from "./patience.ts";

/** Options of the app; everything is granted and no space is kept free unless a test says so. */
export interface ServerOptions extends Omit<AppOptions, "root" | "port" | "host"> {
  /** A root that is there already: it stays when the server stops. @default a new temporary folder */
  root?: string;
}

/** Stopped by `await using`, or by `stop`. */
export interface TestServer extends AsyncDisposable {
  /** Without a slash at the end. */
  url: string;
  /** The served folder, by its real path. */
  root: string;
  app: App;
  /** The lines of the log so far. */
  log: string[];
  /** Fetches a path of this server. */
  fetch: (path: string, init?: RequestInit) => Promise<Response>;
  /** Cuts what runs, and removes the root if it was made here. Harmless when repeated. */
  stop: () => Promise<void>;
}

/** Starts a server in this process. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const { root: given, ...rest } = options;
  const root = await realpath(given ?? (await mkdtemp(join(tmpdir(), "sluice-test-"))));
  const log: string[] = [];
  const app = await createApp({
    allow: new Set(GRANTS),
    keepFree: 0,
    logger: createLog(rest.log ?? "text", (line) => log.push(line), rest.logLevel),
    ...rest,
    root,
  });
  await app.modules;
  app.listen({ port: 0, hostname: "127.0.0.1" });
  const url = `http://127.0.0.1:${app.server?.port}`;

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
    fetch: (path, init) => fetch(url + path, init),
    stop: stopOnce,
    [Symbol.asyncDispose]: stopOnce,
  };
}

/** Waits until something holds, looking again and again; fails with `what` after `seconds`, times the patience of this machine. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  seconds = 10,
): Promise<void> {
  const limit = patient(seconds);
  const end = performance.now() + limit * 1000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`Not within ${limit} s: ${what}`);
    await Bun.sleep(5);
  }
}
