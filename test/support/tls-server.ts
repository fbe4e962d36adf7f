// A server with TLS in this process, whose certificate can be replaced, and curl as its client.

import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { type App, createApp } from "../../src/app.ts";
import { type Config, WORDS } from "../../src/config/config.ts";
import { Listeners } from "../../src/listen/listeners.ts";
import { tlsOptions } from "../../src/listen/tls/sni.ts";
import { createLog } from "../../src/plugins/log.ts";
import { issue } from "./authority.ts";

export interface TlsServer extends AsyncDisposable {
  app: App;
  /** Real and temporary. */
  root: string;
  /** Without a slash at the end. */
  url: string;
  log: string[];
  listeners: Listeners;
  /** Uses the next of two certificates from now on. */
  swap: () => void;
  /** The number of the certificate that a new connection gets. */
  current: () => Promise<number>;
}

/** @throws Error when there is no openssl */
export async function startTlsServer(config: Partial<Config> = {}): Promise<TlsServer> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "sluice-tls-")));
  const log: string[] = [];
  const logger = createLog("text", (line) => log.push(line));
  const app = await createApp({ allow: new Set(WORDS), keepFree: 0, ...config, root, logger });
  await app.modules;
  const certificates = ["0.example", "1.example"].map((name) => ({
    ...issue(name, { names: [`DNS:${name}`, "DNS:localhost", "IP:127.0.0.1"] }),
    names: [name, "localhost"],
  }));
  const nth = (number: number) => tlsOptions(certificates.slice(number % 2).slice(0, 1));
  const listeners = await Listeners.open(app, [{ kind: "tcp", host: "127.0.0.1", port: 0 }], {
    tls: nth(0),
    http2: true,
  });
  let swaps = 0;
  return {
    app,
    root,
    url: listeners.urls[0] ?? "",
    log,
    listeners,
    swap() {
      swaps += 1;
      listeners.reload(nth(swaps));
    },
    async current() {
      const [, number] = /DNS:(\d)\.example/.exec(await certificateNames(app.server?.port ?? 0)) ?? [];
      return Number(number);
    },
    async [Symbol.asyncDispose]() {
      await app.stop(true);
      await app.decorator.services.close();
      await rm(root, { recursive: true });
    },
  };
}

/** The names of the certificate that a new connection gets. @param host that the client names, if any */
export function certificateNames(port: number, host?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const servername = host === undefined ? {} : { servername: host };
    const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...servername });
    socket.on("error", reject);
    socket.on("secureConnect", () => {
      const { subjectaltname = "" } = socket.getPeerCertificate();
      socket.destroy();
      resolve(subjectaltname);
    });
  });
}
