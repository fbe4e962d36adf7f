// The options of TLS: certificates, the protocols that need it, and what contradicts them.

import { type AcmeKey, acmeFault } from "./acme-options.ts";
import type { Config } from "./config.ts";
import type { GivenValues, Option } from "./option.ts";
import { duration, type Kind, listOf, onOff, path } from "./values.ts";

/** Paths of files, without commas in them. The list may be empty. */
function paths(): Kind<readonly string[]> {
  const { parse } = path("a file");
  return {
    allowed: "the paths of files, separated by commas",
    parse: (text) => listOf(text, parse),
  };
}

type TlsKey = "tlsCert" | "tlsKey" | "hsts" | "http2" | "http3";

/** Part of `OPTIONS`. */
export const TLS_OPTIONS: { readonly [Key in TlsKey]-?: Option<NonNullable<Config[Key]>> } = {
  tlsCert: {
    name: "tls-cert",
    placeholder: "FILE",
    default: "",
    list: true,
    ...paths(),
    help: "Certificate and its chain, in PEM; makes every port speak TLS. Read again when it changes, and on SIGHUP. May be repeated with --tls-key, for several names",
    group: "TLS and certificates",
  },
  tlsKey: {
    name: "tls-key",
    placeholder: "FILE",
    default: "",
    list: true,
    ...paths(),
    help: "Private key of the certificate, in PEM, not encrypted. If unset, it is read from the file of --tls-cert; may be repeated",
    group: "TLS and certificates",
  },
  hsts: {
    name: "hsts",
    placeholder: "TIME",
    ...duration("1s", "3650d"),
    help: "Time for which browsers refuse to reach this host without TLS (Strict-Transport-Security), such as 365d; it cannot be revoked earlier. If unset, the header is not sent",
    group: "TLS and certificates",
  },
  http2: {
    name: "http2",
    placeholder: "STATE",
    default: "on",
    ...onOff(),
    help: "HTTP/2 over TLS: on or off",
    group: "TLS and certificates",
  },
  http3: {
    name: "http3",
    placeholder: "STATE",
    default: "off",
    ...onOff(),
    help: "HTTP/3 on the same ports of UDP: on or off; it costs several times the processor time of HTTP/2",
    group: "TLS and certificates",
  },
};

/** Part of `toConfig`. */
export function tlsConfig({ value, isGiven }: GivenValues): Pick<Config, TlsKey> {
  return {
    tlsCert: value(TLS_OPTIONS.tlsCert),
    tlsKey: value(TLS_OPTIONS.tlsKey),
    ...(isGiven(TLS_OPTIONS.hsts) && { hsts: value(TLS_OPTIONS.hsts) }),
    http2: value(TLS_OPTIONS.http2),
    http3: value(TLS_OPTIONS.http3),
  };
}

/** Whether the ports of a server speak TLS. */
export function speaksTls({ tlsCert, acme }: Pick<Config, "tlsCert" | "acme">): boolean {
  return tlsCert.length > 0 || acme.length > 0;
}

/** A sentence about options that contradict each other, for the start; undefined when none do. */
export function tlsFault(config: Pick<Config, TlsKey | AcmeKey | "url" | "listen">): string | undefined {
  return pairFault(config) ?? (speaksTls(config) ? urlFault(config) : lackOfTls(config)) ?? acmeFault(config);
}

function pairFault({ tlsCert, tlsKey }: Pick<Config, TlsKey>): string | undefined {
  if (tlsKey.length === 0 || tlsKey.length === tlsCert.length) return undefined;
  return `--tls-cert is given ${times(tlsCert.length)} and --tls-key ${times(tlsKey.length)}: give a key for each certificate, in the same order, or none if each file of a certificate has its key, too.`;
}

/** For ports that speak TLS. */
function urlFault({ url, acme }: Pick<Config, "url" | "acme">): string | undefined {
  if (!url?.startsWith("http:")) return undefined;
  return `--url: ${url} is without TLS, but ${acme.length > 0 ? "--acme" : "--tls-cert"} makes every port speak it: begin the URL with https:, or remove one of the two.`;
}

/** For ports without TLS. */
function lackOfTls({ hsts, http3 }: Pick<Config, TlsKey>): string | undefined {
  const needs = hsts === undefined ? http3 && "--http3" : "--hsts";
  if (!needs) return undefined;
  return `${needs} needs TLS: add --tls-cert FILE or --acme HOST, or let the proxy that has TLS do it.`;
}

function times(count: number): string {
  return count === 1 ? "once" : count === 0 ? "not at all" : `${count} times`;
}
