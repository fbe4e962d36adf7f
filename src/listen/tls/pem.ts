// Files of PEM texts: the certificates and the private key in them, or what they have instead.

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { printable } from "../../plugins/log.ts";
import { messageOf } from "../../system/errno.ts";

/** Certificates or a key that cannot be used. The message names the file, its flag and the fix. */
export class CertificateError extends Error {}

/** A file, and the flag that names it. */
interface NamedFile {
  readonly flag: string;
  readonly path: string;
}

/** A file of PEM texts. */
export interface PemFile extends NamedFile {
  readonly contents: Buffer;
}

const BEGIN = "-----BEGIN ";
/** The rest of a block, behind {@link BEGIN}. */
const PEM = /^([A-Z0-9 ]{1,40})-----[\s\S]*?-----END \1-----/;

/** At least one. @throws CertificateError */
export function certificatesIn(file: PemFile): X509Certificate[] {
  const blocks = blocksIn(file.contents);
  const found = blocks.filter(({ label }) => label === "CERTIFICATE");
  if (found.length === 0) throw fault(file, withoutCertificate(file, blocks));
  return found.map(({ text }, index) => {
    try {
      return new X509Certificate(text);
    } catch (error) {
      const place = `certificate ${index + 1} of ${found.length}`;
      throw fault(
        file,
        `has a damaged or unsupported ${place} (${messageOf(error)}): have it issued again, for ECDSA P-256 or RSA.`,
      );
    }
  });
}

/** @throws CertificateError */
export function keyIn(file: PemFile): KeyObject {
  const blocks = blocksIn(file.contents);
  const block = blocks.find(({ label }) => label.endsWith("PRIVATE KEY"));
  if (!block) throw fault(file, withoutKey(file, blocks));
  if (block.label.startsWith("ENCRYPTED") || block.text.includes("ENCRYPTED"))
    throw fault(
      file,
      `has an encrypted key, and nobody enters its password at a start: decrypt it with openssl pkey -in ${file.path} -out NEW, a file that only the user of this server may read.`,
    );
  try {
    return createPrivateKey(block.text);
  } catch (error) {
    throw fault(
      file,
      `has a damaged or unsupported private key (${messageOf(error)}): use one of ECDSA P-256 or RSA.`,
    );
  }
}

interface Block {
  /** Such as `CERTIFICATE`. */
  readonly label: string;
  readonly text: string;
}

function blocksIn(contents: Buffer): Block[] {
  // In parts, each of which is looked through once: the time grows with the size of the file only.
  const [, ...parts] = contents.toString("latin1").split(BEGIN);
  return parts.flatMap((part) => {
    const [text, label = ""] = PEM.exec(part) ?? [];
    return text === undefined ? [] : { label, text: BEGIN + text };
  });
}

function withoutCertificate({ path, contents }: PemFile, [block]: readonly Block[]): string {
  if (block?.label.endsWith("REQUEST"))
    return "has a request for a certificate: give the certificate that the authority made of it.";
  if (block?.label.endsWith("PRIVATE KEY"))
    return "has a private key and no certificate: the certificate belongs to --tls-cert, the key to --tls-key.";
  if (block) return `has no certificate, but a ${block.label}.`;
  if (!isDer(contents)) return withoutPem(contents);
  return `is DER or PKCS #12: convert it to PEM with openssl x509 -inform der -in ${path} -out NEW, or with openssl pkcs12 -in ${path} -noenc -out NEW.`;
}

function withoutKey({ path, contents }: PemFile, blocks: readonly Block[]): string {
  if (blocks.some(({ label }) => label === "CERTIFICATE"))
    return "has a certificate and no private key: give the file of the key with --tls-key.";
  if (blocks[0]) return `has no private key, but a ${blocks[0].label}.`;
  if (!isDer(contents)) return withoutPem(contents);
  return `is DER: convert it to PEM with openssl pkey -inform der -in ${path} -out NEW.`;
}

function withoutPem({ length }: Buffer): string {
  if (length === 0) return "is empty.";
  return "is not PEM, or not complete: such a text has lines like -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----.";
}

/** Whether it begins as a sequence of ASN.1 does. */
function isDer(contents: Buffer): boolean {
  const length = contents[1] ?? 0;
  return contents[0] === 0x30 && (length >= 0x80 || contents.length === length + 2);
}

/** `--tls-cert /etc/tls/cert.pem` */
export function nameOf({ flag, path }: NamedFile): string {
  return `${flag} ${printable(path, 4096)}`;
}

/** @param what completes "FILE …" */
export function fault(file: NamedFile, what: string, options?: ErrorOptions): CertificateError {
  return new CertificateError(`${nameOf(file)} ${what}`, options);
}
