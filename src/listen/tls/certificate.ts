// A certificate and its private key: checked before a server uses them, with its names and the time in which it is valid.

import type { KeyObject, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { createSecureContext } from "node:tls";
import { messageOf } from "../../system/errno.ts";
import { DAY } from "../../units.ts";
import { type CertificateError, certificatesIn, fault, keyIn, nameOf, type PemFile } from "./pem.ts";

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

/** Why a certificate is not valid at a moment, as a sentence; undefined when it is. */
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

/** Whatever renews certificates does so earlier: after two thirds of their time, or 30 days before its end. */
const LATE = { days: 7, part: 1 / 5 };

/** Whether a certificate ends so soon that nothing seems to renew it. */
export function endsSoon(
  { begins, expires }: Pick<Certificate, "begins" | "expires">,
  now = Date.now(),
): boolean {
  const lifetime = expires.getTime() - begins.getTime();
  return expires.getTime() - now < Math.min(LATE.days * DAY, LATE.part * lifetime);
}

/** `2026-11-29 16:44 UTC` */
export function shownTime(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
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
      `has a chain with a gap or in the wrong order, which some clients refuse: number ${gap + 2} did not issue number ${gap + 1}. Put the issuer of each certificate behind it.`,
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
