// Pebble, the test server of Let's Encrypt, built from its Go module: it validates as the real one does, and refuses some nonces.

import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "./free-ports.ts";
import { Issuer } from "./issuer.ts";
import { until } from "./server.ts";
import { isMissing, skipped } from "./switches.ts";

const VERSION = "v2.10.3";
const MODULE = "github.com/letsencrypt/pebble/v2/cmd";
/** Where the programs are kept for the next run. */
const PROGRAMS = join(import.meta.dir, "../../node_modules", `.pebble-${VERSION}`);
/** Milliseconds. */
const LONGEST_BUILD = 300_000;

export interface PebbleOptions {
  /** The port at which it looks for the challenge. */
  httpPort: number;
  /** Seconds for which its certificates are valid. */
  validity: number;
  /** The account to which all others must be tied. */
  binding?: { kid: string; hmacKey: string };
}

export interface Pebble extends AsyncDisposable {
  /** The URL of the directory. */
  directory: string;
  /** The file with the certificate to trust, for `NODE_EXTRA_CA_CERTS`. */
  trusted: string;
  /** PEM of the root of the certificates that it issues. */
  root: () => Promise<string>;
  /** Its log so far. */
  log: () => string;
  /** Names that lead nowhere from now on; all others lead to 127.0.0.1. */
  hide: (host: string) => Promise<void>;
}

/** Builds it unless it is there already. @returns whether tests that need it must be skipped */
export async function noPebble(who: string): Promise<boolean> {
  if (existsSync(PROGRAMS)) return false;
  if (isMissing("go") || isMissing("openssl")) return true;
  const folder = await mkdtemp(join(tmpdir(), "sluice-pebble-"));
  const programs = ["pebble", "pebble-challtestsrv"].map((name) => `${MODULE}/${name}@${VERSION}`);
  const build = Bun.spawn(["go", "install", ...programs], {
    cwd: folder,
    env: { ...process.env, GOBIN: join(folder, "programs"), GOFLAGS: "-modcacherw" },
    stdout: "ignore",
    stderr: "pipe",
    timeout: LONGEST_BUILD,
  });
  const [code, complaint] = await Promise.all([build.exited, build.stderr.text()]);
  try {
    if (code !== 0) return skipped(who, `go cannot build Pebble (${complaint.trim().split("\n").at(-1)})`);
    await mkdir(join(PROGRAMS, ".."), { recursive: true });
    await rename(join(folder, "programs"), PROGRAMS).catch(async (error: unknown) => {
      // Another file system, or another test file was first.
      if (!existsSync(PROGRAMS)) throw error;
    });
    return false;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function startPebble({ httpPort, validity, binding }: PebbleOptions): Promise<Pebble> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-pebble-"));
  const issuer = new Issuer();
  const own = issuer.issue("localhost", 30);
  const [port, management, dns, names] = freePorts(4);
  const file = (name: string): string => join(folder, name);
  await Bun.write(file("root.pem"), issuer.root);
  await Bun.write(file("cert.pem"), own.chain);
  await Bun.write(file("key.pem"), own.key);
  await Bun.write(
    file("config.json"),
    JSON.stringify({
      pebble: {
        listenAddress: `127.0.0.1:${port}`,
        managementListenAddress: `127.0.0.1:${management}`,
        certificate: file("cert.pem"),
        privateKey: file("key.pem"),
        httpPort,
        tlsPort: httpPort,
        keyAlgorithm: "ecdsa",
        ...(binding && {
          externalAccountBindingRequired: true,
          externalAccountMACKeys: { [binding.kid]: binding.hmacKey },
        }),
        retryAfter: { authz: 1, order: 1 },
        profiles: { default: { description: "of this test", validityPeriod: validity } },
      },
    }),
  );
  let log = "";
  const start = (name: string, ...words: string[]) => {
    const child = Bun.spawn([join(PROGRAMS, name), ...words], {
      env: { PEBBLE_VA_NOSLEEP: "1", PEBBLE_WFE_NONCEREJECT: "20" },
      stdout: "pipe",
      stderr: "pipe",
    });
    const collect = async (name: "stdout" | "stderr"): Promise<void> => {
      for await (const text of child[name].pipeThrough(new TextDecoderStream())) log += text;
    };
    void collect("stdout");
    void collect("stderr");
    return child;
  };
  const off = ["-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", ""];
  const addresses = ["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dnsserver", `127.0.0.1:${dns}`];
  const children = [
    start("pebble-challtestsrv", ...off, ...addresses, "-management", `127.0.0.1:${names}`),
    start("pebble", "-config", file("config.json"), "-dnsserver", `127.0.0.1:${dns}`),
  ];
  const tls = { ca: issuer.root };
  const directory = `https://localhost:${port}/dir`;
  await until("Pebble listens", () => log.includes("ACME directory available") && log.includes("management"));
  return {
    directory,
    trusted: file("root.pem"),
    log: () => log,
    root: async () => await (await fetch(`https://localhost:${management}/roots/0`, { tls })).text(),
    async hide(host) {
      const body = JSON.stringify({ host: `${host}.` });
      await fetch(`http://127.0.0.1:${names}/set-servfail`, { method: "POST", body });
    },
    async [Symbol.asyncDispose]() {
      for (const child of children) child.kill();
      await Promise.all(children.map((child) => child.exited));
      await rm(folder, { recursive: true });
    },
  };
}
