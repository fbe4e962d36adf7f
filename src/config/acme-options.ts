// The options of certificates that an authority issues by ACME, and of the plain listener beside them.

import { isIP } from "node:net";
import type { Config } from "./config.ts";
import type { GivenValues, Option } from "./option.ts";
import { count, hosts, type Kind, onOff, path, serviceUrl } from "./values.ts";

export type AcmeKey =
  | "acme"
  | "acmeEmail"
  | "acmeDirectory"
  | "acmeEabFile"
  | "acmeAcceptTerms"
  | "redirectPort";

/** Part of `OPTIONS`. */
export const ACME_OPTIONS: { readonly [Key in AcmeKey]-?: Option<NonNullable<Config[Key]>> } = {
  acme: {
    name: "acme",
    placeholder: "HOST",
    default: "",
    list: true,
    ...hostsOfCertificates(),
    help: "Host name for which a certificate is ordered and renewed by ACME; its port 80 must lead to this server. May be repeated",
    group: "TLS and certificates",
  },
  acmeEmail: {
    name: "acme-email",
    placeholder: "ADDRESS",
    ...email(),
    help: "Mail address at which the authority of --acme may reach you",
    group: "TLS and certificates",
  },
  acmeDirectory: {
    name: "acme-directory",
    placeholder: "URL",
    ...serviceUrl("an authority's directory, such as https://ca.example.org/acme/acme/directory"),
    help: "URL of the ACME directory of the authority. If unset, that of Let's Encrypt",
    group: "TLS and certificates",
  },
  acmeEabFile: {
    name: "acme-eab-file",
    placeholder: "FILE",
    ...path("a file"),
    help: "File with the key id and the HMAC key of an external account binding, separated by a space, for authorities that require one",
    group: "TLS and certificates",
  },
  acmeAcceptTerms: {
    name: "acme-accept-terms",
    placeholder: "",
    bare: "on",
    default: "off",
    ...onOff(),
    help: "Accept the terms of service of the authority of --acme; without it, the server does not start, and says where they are",
    group: "TLS and certificates",
  },
  redirectPort: {
    name: "redirect-port",
    placeholder: "PORT",
    ...count(0, 65_535),
    help: "Port without TLS that redirects clients to https, and answers the challenges of --acme. If unset, 80 with --acme, otherwise none",
    group: "TLS and certificates",
  },
};

/** Part of `toConfig`. */
export function acmeConfig({ value, isGiven }: GivenValues): Pick<Config, AcmeKey> {
  const { acmeEmail, acmeDirectory, acmeEabFile, redirectPort } = ACME_OPTIONS;
  return {
    acme: value(ACME_OPTIONS.acme),
    ...(isGiven(acmeEmail) && { acmeEmail: value(acmeEmail) }),
    ...(isGiven(acmeDirectory) && { acmeDirectory: value(acmeDirectory) }),
    ...(isGiven(acmeEabFile) && { acmeEabFile: value(acmeEabFile) }),
    acmeAcceptTerms: value(ACME_OPTIONS.acmeAcceptTerms),
    ...(isGiven(redirectPort) && { redirectPort: value(redirectPort) }),
  };
}

/** Part of `tlsFault`. */
export function acmeFault(config: Pick<Config, AcmeKey | "tlsCert" | "listen">): string | undefined {
  const { acme, acmeEmail, acmeDirectory, acmeEabFile, acmeAcceptTerms, redirectPort, tlsCert, listen } =
    config;
  if (acme.length > 0)
    return listen.length > 0 && listen.every(({ kind }) => kind === "unix")
      ? "--acme is for ports, and --listen names Unix sockets only: add one such as --listen [::]:443, or let the proxy in front get certificates."
      : undefined;
  if (redirectPort !== undefined && tlsCert.length === 0)
    return "--redirect-port sends clients to https, which is not served: add --tls-cert FILE or --acme HOST.";
  const given = { "acme-email": acmeEmail, "acme-directory": acmeDirectory, "acme-eab-file": acmeEabFile };
  const [alone] = Object.entries(given).find(([, value]) => value !== undefined) ?? [];
  if (alone === undefined && !acmeAcceptTerms) return undefined;
  return `--${alone ?? "acme-accept-terms"} needs --acme HOST, the name for which a certificate is ordered.`;
}

/** Names that the challenge of port 80 can prove: no addresses and no patterns. The list may be empty. */
function hostsOfCertificates(): Kind<readonly string[]> {
  const { parse } = hosts();
  return {
    allowed: "host names such as files.example.org (no addresses, no patterns; separated by commas)",
    parse: (text) => {
      const names = parse(text);
      return names?.some((name) => isIP(name) !== 0) ? undefined : names;
    },
  };
}

/** A mail address without the characters that have a meaning in `mailto:`. */
function email(): Kind<string> {
  return {
    allowed: "an address such as admin@example.org",
    parse: (text) => (/^[^\s@,?&%<>"]{1,64}@[^\s@,?&%<>"]{1,189}$/.test(text) ? text : undefined),
  };
}
