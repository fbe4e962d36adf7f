// The measured servers: Sluice, a server that discards bodies, and other products, each with its configuration.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Contestant, contestant, type Recipe } from "./contestant.ts";

const HOME = join(import.meta.dir, "..");

/** Writes a config file and returns the arguments, followed by its path. */
export function configured(
  folder: string,
  name: string,
  before: readonly string[],
  text: string,
): readonly string[] {
  const path = join(folder, name);
  writeFileSync(path, text);
  return [...before, path];
}

const sluiceArguments: Recipe["arguments"] = ({ root, port }) => [
  root,
  "--port",
  String(port),
  "--allow",
  "all",
];

/** Sluice, run from its sources. */
export const sluiceFromSource = contestant({
  name: "sluice",
  command: "bun src/main.ts ROOT --port PORT --allow all",
  program: process.execPath,
  ready: "/health",
  files: "/files/",
  arguments: (place) => [join(HOME, "src/main.ts"), ...sluiceArguments(place)],
});

/** Sluice, run from its sources, without time measurement and metrics. */
export const sluiceUnmetered = contestant({
  name: "sluice unmetered",
  command: "bun --preload bench/unmetered.ts src/main.ts ROOT --port PORT --allow all",
  program: process.execPath,
  ready: "/health",
  files: "/files/",
  arguments: (place) => [
    "--preload",
    join(import.meta.dir, "unmetered.ts"),
    join(HOME, "src/main.ts"),
    ...sluiceArguments(place),
  ],
});

/** The Sluice binary that `bun run build` creates. */
export const sluiceBinary = contestant({
  name: "sluice binary",
  command: "dist/sluice ROOT --port PORT --allow all",
  program: join(HOME, "dist/sluice"),
  ready: "/health",
  files: "/files/",
  arguments: sluiceArguments,
});

/** Reads request bodies and discards them. */
export const dropServer = contestant({
  name: "read and discard",
  command: "bun bench/drop-server.ts PORT",
  program: process.execPath,
  ready: "/health",
  files: "/",
  arguments: ({ port }) => [join(import.meta.dir, "drop-server.ts"), String(port)],
});

/** The server that resumable uploads are compared with. */
export const tusServer = contestant({
  name: "@tus/server",
  command: "bun bench/tus-server.ts ROOT PORT",
  program: process.execPath,
  ready: "/health",
  files: "/files",
  arguments: ({ root, port }) => [join(import.meta.dir, "tus-server.ts"), root, String(port)],
});

/** nginx with its dav module, which does not sync files. */
export const nginx = contestant({
  name: "nginx dav",
  command: "nginx -c CONF (worker_processes auto, sendfile on, client_body_buffer_size 1m, dav_methods PUT)",
  program: "nginx",
  version: ["-v"],
  ready: "/",
  files: "/",
  arguments: (place) => nginxArguments(place),
});

/**
 * The arguments of an nginx that takes uploads.
 * @param listen parameters behind its address
 * @param more directives of its server
 */
export function nginxArguments(
  { root, folder, port }: Parameters<Recipe["arguments"]>[0],
  listen = "",
  more = "",
): readonly string[] {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
    .join(" ");
  return configured(
    folder,
    "nginx.conf",
    ["-p", folder, "-e", "stderr", "-c"],
    `
      daemon off; ${process.getuid?.() === 0 ? "user root;" : ""} worker_processes auto; pid ${folder}/pid;
      error_log stderr crit;
      events { worker_connections 2048; }
      http {
        access_log off; sendfile on; tcp_nopush on; ${temporary} client_max_body_size 0; client_body_buffer_size 1m; keepalive_requests 1000000;
        server { listen 127.0.0.1:${port}${listen}; root ${root}; ${more} location / { dav_methods PUT DELETE; create_full_put_path on; } }
      }`,
  );
}

/** lighttpd with mod_webdav. */
export const lighttpd = contestant({
  name: "lighttpd",
  command: "lighttpd -D -f CONF (mod_webdav)",
  program: "lighttpd",
  version: ["-v"],
  ready: "/",
  files: "/",
  arguments: ({ root, folder, port }) =>
    configured(
      folder,
      "lighttpd.conf",
      ["-D", "-f"],
      `
      server.modules = ("mod_webdav")
      server.bind = "127.0.0.1"
      server.port = ${port}
      server.document-root = "${root}"
      server.upload-dirs = ("${folder}")
      server.max-keep-alive-requests = 65535
      webdav.activate = "enable"
      webdav.is-readonly = "disable"`,
    ),
});

/** copyparty, without an index. */
export const copyparty = contestant({
  name: "copyparty",
  command: "copyparty -q -i 127.0.0.1 -p PORT --http-only -v ROOT::A",
  program: "copyparty",
  ready: "/",
  files: "/",
  arguments: ({ root, port }) => [
    "-q",
    "-i",
    "127.0.0.1",
    "-p",
    String(port),
    "--http-only",
    "-v",
    `${root}::A`,
  ],
  // copyparty stores its state in the user's home folder.
  env: (folder) => ({ XDG_CONFIG_HOME: folder }),
});

/** dufs. */
export const dufs = contestant({
  name: "dufs",
  command: "dufs -A -b 127.0.0.1 -p PORT --log-format '' ROOT",
  program: Bun.which("dufs") ?? `${Bun.env["CARGO_HOME"] ?? `${Bun.env["HOME"]}/.cargo`}/bin/dufs`,
  ready: "/__dufs__/health",
  files: "/",
  arguments: ({ root, port }) => ["-A", "-b", "127.0.0.1", "-p", String(port), "--log-format", "", root],
});

/** The servers that Sluice is compared with, whether installed or not. */
export const peers: readonly Contestant[] = [nginx, lighttpd, copyparty, dufs];
