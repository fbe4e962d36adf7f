// A certificate of its own for tests of TLS: made once per process, for localhost and 127.0.0.1, and trusted by tests only.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** PEM texts. The certificate is its own authority: `fetch(url, { tls: { ca: cert } })`. */
export interface Certificate {
  cert: string;
  key: string;
}

let made: Certificate | undefined;

/** The same one for all tests of a process. @throws Error when there is no openssl */
export function testCertificate(): Certificate {
  made ??= newCertificate();
  return made;
}

/** @throws Error when there is no openssl */
export function newCertificate(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), "sluice-certificate-"));
  try {
    const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"];
    const command = [
      "openssl",
      "req",
      "-x509",
      ...kind,
      ...names,
      "-days",
      "2",
      "-out",
      cert,
      "-keyout",
      key,
    ];
    const { exitCode, stderr } = Bun.spawnSync(command, { stderr: "pipe" });
    if (exitCode !== 0) throw new Error(`openssl: ${stderr}`);
    return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
