// Which certificate a client gets, by the host name that it sends (SNI), the hosts that have one, and the ciphers of all.

import { constants } from "node:crypto";
import type { TLSOptions } from "bun";
import type { Config } from "../../config/config.ts";
import type { Certificate } from "./certificate.ts";

/** Settings of every certificate. TLS 1.2 is the oldest version that Bun speaks. */
const STRENGTH = {
  /** For TLS 1.2: those with forward secrecy and authenticated encryption. Those of TLS 1.3 are fixed, and all have both. */
  ciphers: [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
  ].join(":"),
  secureOptions: constants.SSL_OP_CIPHER_SERVER_PREFERENCE,
} satisfies TLSOptions;

/**
 * The value of `tls` of Bun's server. A client gets the certificate of the name that it sends, whatever its case, or the one
 * of `*.example.org`, which stands for one label; otherwise the first one, also when it sends no name or an IP address. Where
 * two have the same name, the earlier one counts.
 * @param certificates at least one
 */
export function tlsOptions(
  certificates: readonly Pick<Certificate, "cert" | "key" | "names">[],
): TLSOptions[] {
  const [first] = certificates;
  if (!first) throw new RangeError("There is no certificate.");
  const byName = new Map<string, TLSOptions>();
  for (const { cert, key, names } of certificates.length > 1 ? certificates : [])
    for (const name of names)
      if (!byName.has(name)) byName.set(name, { ...STRENGTH, cert, key, serverName: name });
  return [{ ...STRENGTH, cert: first.cert, key: first.key }, ...byName.values()];
}

/** The first label of a name. Others than these characters, `%2f` among them, are legal in Host, but in no name of a machine. */
const LABEL = /^[\w-]+(?=\.)/;

/** Whether a host is one of some names; `*.example.org` stands for every name with one label more. */
export function isNamed(host: string, names: readonly string[]): boolean {
  return names.includes(host) || names.includes(host.replace(LABEL, "*"));
}

/**
 * A sentence about `--url` when no certificate has its host, so that browsers refuse it; undefined when one has. A proxy in front
 * may have a certificate of its own for it.
 */
export function urlWarning(
  { url, acme, trustedProxy }: Pick<Config, "url" | "acme" | "trustedProxy">,
  certificates: readonly Pick<Certificate, "names">[],
): string | undefined {
  if (url === undefined || trustedProxy.length > 0) return undefined;
  const host = new URL(url).hostname.replace(/^\[(.*)\]$/, "$1");
  const names = [...acme, ...certificates.flatMap((one) => one.names)];
  if (isNamed(host, names)) return undefined;
  return `--url: no certificate is for ${host}, so browsers refuse it: have one issued for this name, or change the URL. There ${names.length === 1 ? "is one" : "are certificates"} for ${names.join(", ")}.`;
}
