// Sluice and nginx with TLS: the same certificate, versions and ciphers.

import { join } from "node:path";
import { contestant } from "./contestant.ts";
import { nginxArguments } from "./servers.ts";

/** Makes a certificate of ECDSA P-256 in a folder. @throws Error when there is no openssl */
function certificate(folder: string): { cert: string; key: string } {
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
  const { exitCode, stderr } = Bun.spawnSync(
    ["openssl", "req", "-x509", ...kind, ...names, "-keyout", key, "-out", cert],
    { stderr: "pipe" },
  );
  if (exitCode !== 0) throw new Error(`openssl: ${stderr}`);
  return { cert, key };
}

/** Sluice, run from its sources. */
export const sluiceTls = contestant({
  name: "sluice TLS",
  command: "bun src/main.ts ROOT --port PORT --allow all --tls-cert CERT --tls-key KEY",
  program: process.execPath,
  ready: "/health",
  files: "/files/",
  tls: true,
  arguments({ root, folder, port }) {
    const { cert, key } = certificate(folder);
    const flags = ["--port", String(port), "--allow", "all", "--tls-cert", cert, "--tls-key", key];
    return [join(import.meta.dir, "../src/main.ts"), root, ...flags];
  },
});

/** A bare Bun server that reads request bodies and discards them: no upload to Bun costs less. */
export const dropTls = contestant({
  name: "read and discard, TLS",
  command: "bun bench/drop-server.ts PORT CERT KEY",
  program: process.execPath,
  ready: "/health",
  files: "/",
  tls: true,
  arguments({ folder, port }) {
    const { cert, key } = certificate(folder);
    return [join(import.meta.dir, "drop-server.ts"), String(port), cert, key];
  },
});

/** nginx with its dav module. */
export const nginxTls = contestant({
  name: "nginx dav, TLS",
  command: "nginx -c CONF (as without TLS; listen … ssl http2, TLS 1.2 and 1.3)",
  program: "nginx",
  version: ["-v"],
  ready: "/",
  files: "/",
  tls: true,
  arguments(place) {
    const { cert, key } = certificate(place.folder);
    const more = `ssl_certificate ${cert}; ssl_certificate_key ${key}; ssl_protocols TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers on;`;
    return nginxArguments(place, " ssl http2", more);
  },
});
