// The files of --tls-cert and --tls-key: paired, read and checked.

import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import { DENIED, errnoOf } from "../../system/errno.ts";
import { type Certificate, readCertificate } from "./certificate.ts";
import { CertificateError, fault, nameOf, type PemFile } from "./pem.ts";

/** Paths of a certificate and its key, which may be the same file. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** Most bytes of a file: a chain of ten certificates has 20 kB. */
const MAX_BYTES = 1 << 20;
/** The bit of a file's mode that lets every user read it. */
const READ_BY_OTHERS = 0o004;

/** Pairs the files in their order. Without keys, each file has both. */
export function pairedFiles(certs: readonly string[], keys: readonly string[]): CertificateFiles[] {
  return certs.map((cert, index) => ({ cert, key: keys[index] ?? cert }));
}

/** Reads a certificate and its key. @throws CertificateError */
export async function readCertificateFiles({ cert, key }: CertificateFiles): Promise<Certificate> {
  const certFile = await readPem("--tls-cert", cert);
  const keyFile = key === cert ? certFile : await readPem("--tls-key", key);
  const certificate = readCertificate(certFile, keyFile);
  if (!keyFile.byOthers) return certificate;
  const warning = `${nameOf(keyFile)} can be read by every user of this machine, who can then pretend to be this server: run chmod o= ${key}.`;
  return { ...certificate, warnings: [...certificate.warnings, warning] };
}

/** A text that changes when somebody writes or replaces a file, or the one to which it links. Never throws. */
export async function fileState(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(":");
  } catch (error) {
    return errnoOf(error) ?? "unknown";
  }
}

/** @throws CertificateError */
async function readPem(flag: string, path: string): Promise<PemFile & { byOthers: boolean }> {
  try {
    // Reading from a pipe would never end.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const status = await file.stat();
    if (!status.isFile()) throw fault({ flag, path }, "is not a file.");
    if (status.size > MAX_BYTES)
      throw fault({ flag, path }, `has ${status.size} bytes, which no certificate has.`);
    return { flag, path, contents: await file.readFile(), byOthers: (status.mode & READ_BY_OTHERS) !== 0 };
  } catch (error) {
    if (error instanceof CertificateError) throw error;
    throw fault({ flag, path }, unreadable(errnoOf(error), path), { cause: error });
  }
}

/** Completes "FILE …". */
function unreadable(errno: string | undefined, path: string): string {
  if (errno === "ENOENT" || errno === "ENOTDIR") return "does not exist: check its path.";
  if (errno !== undefined && DENIED.has(errno))
    return `may not be read by the user of this server (user id ${process.geteuid?.()}): let it read ${path} and search its folders, or copy it with a hook of the program that renews it.`;
  return `cannot be read (${errno}).`;
}
