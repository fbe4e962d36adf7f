// Certificates for tests, made with openssl at run time: authorities, chains, expired ones, several kinds of keys.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** PEM texts. */
export interface Certificate {
  cert: string;
  key: string;
}

export interface Wanted {
  /** Alternative names, such as `DNS:a.example`, `IP:127.0.0.1`. */
  names?: readonly string[];
  /** The issuer; without it the certificate signs itself. */
  by?: Certificate;
  /** Whether it may issue others. */
  isAuthority?: boolean;
  /** Days of validity; a negative number makes an expired one. */
  days?: number;
  /** Arguments of `openssl genpkey`. */
  keyKind?: readonly string[];
  /** Lines of the extensions of OpenSSL. */
  extensions?: readonly string[];
}

export const EC = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1"];

/** @throws Error when there is no openssl */
export function issue(name: string, wanted: Wanted = {}): Certificate {
  const {
    names = [`DNS:${name}`],
    by,
    isAuthority = false,
    days = 2,
    keyKind = EC,
    extensions = [],
  } = wanted;
  const folder = mkdtempSync(join(tmpdir(), "sluice-authority-"));
  const at = (file: string): string => join(folder, file);
  try {
    openssl("genpkey", ...keyKind, "-out", at("key"));
    openssl("req", "-new", "-key", at("key"), "-subj", `/CN=${name}`, "-out", at("request"));
    const lines = [
      ...(names.length > 0 ? [`subjectAltName=${names.join(",")}`] : []),
      `basicConstraints=critical,CA:${isAuthority ? "TRUE" : "FALSE"}`,
      ...extensions,
    ];
    writeFileSync(at("extensions"), lines.join("\n"));
    if (by) {
      writeFileSync(at("by"), by.cert);
      writeFileSync(at("by.key"), by.key);
    }
    const signer = by
      ? ["-CA", at("by"), "-CAkey", at("by.key"), "-CAcreateserial"]
      : ["-signkey", at("key")];
    const validity = ["-days", `${days}`, "-extfile", at("extensions")];
    openssl("x509", "-req", "-in", at("request"), ...signer, ...validity, "-out", at("cert"));
    return { cert: readFileSync(at("cert"), "utf8"), key: readFileSync(at("key"), "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @returns its standard output */
export function openssl(...words: string[]): Buffer {
  const { exitCode, stdout, stderr } = Bun.spawnSync(["openssl", ...words], {
    stdout: "pipe",
    stderr: "pipe",
  });
  if (exitCode !== 0) throw new Error(`openssl ${words[0]}: ${stderr}`);
  return stdout;
}
