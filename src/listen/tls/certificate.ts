// A certificate and its private key as PEM texts: read, and checked before a server uses them.

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { createSecureContext } from "node:tls";
import { printable } from "../../plugins/log.ts";
import { messageOf } from "../../system/errno.ts";

/** A certificate that a server can use. */
export interface Certificate {
  /** PEM of the certificate, and of its issuers. */
  readonly cert: string;
  /** PEM of the private key. */
  readonly key: string;
  /** Host names in lower case, some as `*.example.org`, and IP addresses. */
  readonly names: readonly string[];
  /** The first moment of its validity. */
  readonly begins: Date;
  /** The last moment of its validity. */
  readonly expires: Date;
  /** Where it comes from, for messages: `--tls-cert /etc/tls/cert.pem`. */
  readonly from: string;
  /** Why clients may refuse it, or why it is not safe, though a server can use it; whole sentences. */
  readonly warnings: readonly string[];
}

/** Certificates or a key that cannot be used. The message names the file, its flag and the fix. */
export class CertificateError extends Error {}

/** A file of PEM texts, and the flag that names it. */
export interface PemFile {
  readonly flag: string;
  readonly path: string;
  readonly contents: Buffer;
}

const BEGIN = "-----BEGIN ";
/** The rest of a block, behind {@link BEGIN}. */
const PEM = /^([A-Z0-9 ]{1,40})-----[\s\S]*?-----END \1-----/;
/** Bits below which clients refuse a key of RSA. */
const RSA_BITS = 2048;

/**
 * @param cert has the server's own certificate first
 * @param key has the private key; may be the same file
 * @throws CertificateError
 */
export function readCertificate(cert: PemFile, key: PemFile): Certificate {
  const chain = certificatesIn(cert);
  const privateKey = keyIn(key);
  const [own] = chain;
  if (!own?.checkPrivateKey(privateKey)) throw misfit(chain, privateKey, cert, key);
  const pair = {
    cert: chain.map(String).join(""),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
  const refused = refusalOf(pair);
  if (refused !== undefined) throw fault(cert, `cannot be used by this server: ${refused}.`);
  const names = namesOf(own);
  return {
    ...pair,
    names,
    begins: own.validFromDate,
    expires: own.validToDate,
    from: nameOf(cert),
    warnings: [...nameWarnings(names), ...chainWarnings(chain), ...keyWarnings(privateKey)].map(
      (what) => `${nameOf(cert)} ${what}`,
    ),
  };
}

/** When the certificate is valid, as a sentence; undefined while it is. */
export function validityWarning(
  { begins, expires, from }: Certificate,
  now = Date.now(),
): string | undefined {
  if (now > expires.getTime())
    return `${from} expired on ${shownTime(expires)}, and clients refuse it: renew it.`;
  if (now < begins.getTime())
    return `${from} is not valid before ${shownTime(begins)}, and clients refuse it until then: check the clock of this machine.`;
  return undefined;
}

const DAY = 86_400_000;
/** Whatever renews certificates does so earlier: after two thirds of their time, or 30 days before its end. */
const LATE = { days: 7, part: 1 / 5 };

/** Whether a certificate ends so soon that nothing seems to renew it. */
export function endsSoon({ begins, expires }: Certificate, now = Date.now()): boolean {
  const lifetime = expires.getTime() - begins.getTime();
  return expires.getTime() - now < Math.min(LATE.days * DAY, LATE.part * lifetime);
}

/** `2026-11-29 16:44 UTC` */
export function shownTime(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function certificatesIn(file: PemFile): X509Certificate[] {
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

function keyIn(file: PemFile): KeyObject {
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

function misfit(
  chain: readonly X509Certificate[],
  privateKey: KeyObject,
  cert: PemFile,
  key: PemFile,
): CertificateError {
  const place = chain.findIndex((one) => one.checkPrivateKey(privateKey)) + 1;
  if (place > 0)
    return fault(
      cert,
      `has the server's own certificate at place ${place}: put it first, and its issuer behind it.`,
    );
  return fault(
    key,
    `does not fit the certificate of ${nameOf(cert)}: give the key for which it was issued; with several certificates, the keys in the same order.`,
  );
}

/** Why Bun cannot use them. */
function refusalOf(pair: { cert: string; key: string }): string | undefined {
  try {
    createSecureContext(pair);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function nameWarnings({ length }: readonly string[]): string[] {
  return length > 0
    ? []
    : ["has no subject alternative name, so clients refuse it: have it issued for a host name."];
}

function chainWarnings(chain: readonly X509Certificate[]): string[] {
  const [own] = chain;
  const gap = chain.findIndex((one, index) => {
    const issuer = chain[index + 1];
    return issuer !== undefined && !one.checkIssued(issuer);
  });
  if (gap !== -1)
    return [
      `has certificates in another order than each followed by its issuer: number ${gap + 2} did not issue number ${gap + 1}, so some clients refuse it.`,
    ];
  // Public authorities sign with an intermediate certificate and say where it is found; home-made ones often with their root.
  if (chain.length === 1 && own?.infoAccess?.includes("CA Issuers"))
    return [
      "holds only the server's own certificate, so some clients refuse it: give the full chain (fullchain.pem).",
    ];
  return [];
}

function keyWarnings({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string[] {
  if (asymmetricKeyType === "ed25519")
    return ["has a key of Ed25519, which browsers refuse: use one of ECDSA P-256 or of RSA."];
  const bits = asymmetricKeyDetails?.modulusLength ?? RSA_BITS;
  return bits < RSA_BITS ? [`has a key of ${bits} bits, which clients refuse: use ${RSA_BITS} or more.`] : [];
}

/** Clients look at the alternative names only. Others than host names and IP addresses are left out. */
function namesOf({ subjectAltName = "" }: X509Certificate): string[] {
  const names = subjectAltName.split(", ").flatMap((one) => {
    const [, name] = /^(?:DNS|IP Address):((?:\*\.)?[a-z0-9:._-]+)$/i.exec(one) ?? [];
    if (name === undefined) return [];
    // IPv6 comes without abbreviation.
    const address = isIP(name) === 6 ? URL.parse(`http://[${name}]`)?.hostname.slice(1, -1) : undefined;
    return [address ?? name.toLowerCase()];
  });
  return [...new Set(names)];
}

/** `--tls-cert /etc/tls/cert.pem` */
export function nameOf({ flag, path }: Pick<PemFile, "flag" | "path">): string {
  return `${flag} ${printable(path, 4096)}`;
}

/** @param what completes "FILE …" */
function fault(file: PemFile, what: string): CertificateError {
  return new CertificateError(`${nameOf(file)} ${what}`);
}
