// Proxies that run with the examples of docs/deployment.md: only ports, paths of certificates and the name are replaced.

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testCertificate } from "../certificate.ts";
import { freePorts } from "../free-ports.ts";
import { blocks } from "../pages.ts";
import { until } from "../server.ts";
import { skipped } from "../switches.ts";

const PAGE = "docs/deployment.md";

/** A running proxy. Disposing stops it. */
export interface DeployedProxy extends AsyncDisposable {
  /** Such as `https://localhost:4711`. */
  url: string;
  /** The address where it redirects to `url`; undefined without one. */
  plain: string | undefined;
  /** The path of a certificate that clients must trust. */
  ca: string;
  /** A request by HTTP/1.1. */
  fetch: (path: string, init?: RequestInit) => Promise<Response>;
}

/** The folder of a proxy, its ports with and without TLS, and the paths of its certificate, its key, and both in one file. */
interface Place {
  folder: string;
  port: number;
  plain: number;
  cert: string;
  key: string;
  both: string;
}

export type Replacements = readonly (readonly [from: string | RegExp, to: string])[];

interface Program {
  /** The name on PATH. */
  program: string;
  /** The Debian package. */
  package: string;
  /** Words of the first line of its example. */
  example: string;
  redirects: boolean;
  /** Replaces what differs on this machine. Each must be found. */
  replacements: (place: Place) => Replacements;
  /** The whole file, around the example. */
  file: (example: string, place: Place) => string;
  /** The command line. */
  words: (file: string, place: Place) => string[];
}

const names = "client_body proxy fastcgi uwsgi scgi".split(" ");
const APACHE_MODULES =
  "mpm_event authz_core headers reqtimeout proxy proxy_http ssl http2 socache_shmcb".split(" ");

export const PROGRAMS = {
  nginx: {
    program: "nginx",
    package: "nginx",
    example: "/etc/nginx/conf.d/sluice.conf",
    redirects: true,
    replacements: ({ port, plain, cert, key }) => [
      ["listen 80;", `listen 127.0.0.1:${plain};`],
      ["listen 443 ssl http2;", `listen 127.0.0.1:${port} ssl http2;`],
      ["https://$host$request_uri", `https://$host:${port}$request_uri`],
      ["/etc/ssl/files.example.org.pem", cert],
      ["/etc/ssl/files.example.org.key", key],
      [/files\.example\.org/g, "localhost"],
    ],
    file: (
      example,
      { folder },
    ) => `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
      events {}
      http { access_log off; ${names.map((name) => `${name}_temp_path ${folder}/${name};`).join(" ")}
      ${example} }`,
    words: (file, { folder }) => ["nginx", "-p", folder, "-e", `${folder}/error.log`, "-c", file],
  },
  HAProxy: {
    program: "haproxy",
    package: "haproxy",
    example: "/etc/haproxy/haproxy.cfg",
    redirects: true,
    replacements: ({ port, plain, both }) => [
      ["bind :80", `bind 127.0.0.1:${plain}`],
      ["bind :443", `bind 127.0.0.1:${port}`],
      ["redirect scheme https code 308", `redirect prefix https://localhost:${port} code 308`],
      ["/etc/ssl/files.example.org.pem", both],
    ],
    file: (example) => example,
    words: (file) => ["haproxy", "-db", "-f", file],
  },
  Caddy: {
    program: "caddy",
    package: "caddy",
    example: "/etc/caddy/Caddyfile",
    redirects: false,
    replacements: ({ port, cert, key }) => [
      ["files.example.org {", `https://localhost:${port} {\n\ttls ${cert} ${key}`],
    ],
    file: (example) => `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${example}`,
    words: (file) => ["caddy", "run", "--adapter", "caddyfile", "--config", file],
  },
  Apache: {
    program: "apache2",
    package: "apache2-bin",
    example: "/etc/apache2/sites-available/sluice.conf",
    redirects: false,
    replacements: ({ port, cert, key }) => [
      ["*:443", `127.0.0.1:${port}`],
      ["/etc/ssl/files.example.org.pem", cert],
      ["/etc/ssl/files.example.org.key", key],
      [/files\.example\.org/g, "localhost"],
    ],
    file: (example, { folder, port }) => `ServerRoot ${folder}
      ServerName localhost
      PidFile ${folder}/pid
      ErrorLog ${folder}/error.log
      Mutex file:${folder}
      ${APACHE_MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join("\n")}
      Listen 127.0.0.1:${port}
      Protocols h2 http/1.1
      ${process.getuid?.() === 0 ? "User www-data\nGroup www-data" : ""}
      ${example}`,
    words: (file) => ["apache2", "-DFOREGROUND", "-f", file],
  },
} as const satisfies Record<string, Program>;

export type ProxyName = keyof typeof PROGRAMS;

/** All proxies whose example the tests run. */
export const PROXIES: readonly ProxyName[] = ["nginx", "HAProxy", "Caddy", "Apache"];

/** Whether a proxy is installed. If not, prints that its tests are skipped. */
export function hasProxy(name: ProxyName): boolean {
  const { program, package: source } = PROGRAMS[name];
  if (Bun.which(program)) return true;
  return !skipped(`Sluice behind ${name}`, `no ${program} on PATH`, `apt-get install ${source}`);
}

/** The example of the page whose first line contains these words. */
export function example(words: string): string {
  const [found, ...others] = blocks(PAGE).filter(({ text }) => text.split("\n", 1)[0]?.includes(words));
  if (!found || others.length > 0) throw new Error(`Not one example of ${PAGE} begins with: ${words}`);
  return found.text;
}

/** The lines of an example that is part of a file, without comments. */
export function linesOf(words: string): string {
  return example(words).replace(/^ *#.*\n/gm, "");
}

/**
 * Starts a proxy with an example of the page.
 * @param upstream the address of Sluice, instead of 127.0.0.1:3000
 * @param more words of the first line of another example, the path below which the proxy shows Sluice, and further replacements
 */
export async function deploy(
  name: ProxyName,
  upstream: string,
  { words, below = "", also = [] }: { words?: string; below?: string; also?: Replacements } = {},
): Promise<DeployedProxy> {
  const program: Program = PROGRAMS[name];
  const folder = await mkdtemp(join(tmpdir(), `sluice-${program.program}-`));
  await mkdir(join(folder, "logs"));
  const at = (name: string): string => join(folder, name);
  const [port = 0, plainPort = 0] = freePorts(2);
  const place = {
    ...{ folder, port, plain: plainPort },
    ...{ cert: at("cert.pem"), key: at("key.pem"), both: at("both.pem") },
  };
  const certificate = testCertificate();
  await Bun.write(place.cert, certificate.cert);
  await Bun.write(place.key, certificate.key);
  await Bun.write(place.both, certificate.cert + certificate.key);
  let text = example(words ?? program.example);
  for (const [from, to] of [...also, ["127.0.0.1:3000", upstream] as const, ...program.replacements(place)]) {
    const before = text;
    text = before.replaceAll(from, to);
    if (text === before) throw new Error(`The example of ${name} has no ${from}`);
  }
  const file = join(folder, "proxy.conf");
  await Bun.write(file, program.file(text, place));
  const env = { PATH: process.env.PATH ?? "", HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const child = Bun.spawn(program.words(file, place), { cwd: folder, env, stdout: "ignore", stderr: "pipe" });
  const url = `https://localhost:${place.port}`;
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(url + path, { ...init, tls: { ca: certificate.cert } });
  const stop = async () => {
    child.kill("SIGTERM");
    await child.exited;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await until(`${name} passes requests on`, async () => {
      if (child.exitCode !== null) throw new Error(`${name} ended: ${await child.stderr.text()}`);
      return await ask(`${below}/health`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
  } catch (error) {
    await stop();
    throw error;
  }
  const plain = program.redirects ? `http://localhost:${place.plain}` : undefined;
  return { url, plain, ca: place.cert, fetch: ask, [Symbol.asyncDispose]: stop };
}
