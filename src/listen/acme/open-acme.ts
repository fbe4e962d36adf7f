// Opens all that --acme needs: the stored certificates, the port for challenges, and the consent to the terms.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config, LogLevel } from "../../config/config.ts";
import { RESERVED } from "../../path.ts";
import { printable } from "../../plugins/log.ts";
import { errnoOf, messageOf } from "../../system/errno.ts";
import type { HttpListener } from "../http-listener.ts";
import { shownTime } from "../tls/certificate.ts";
import { Acme } from "./acme.ts";
import { directoryOf, termsFault } from "./directory.ts";
import type { AcmeCertificate } from "./issued-certificate.ts";
import { OrderThread } from "./order-thread.ts";
import type { Binding } from "./order-worker.ts";
import { AcmeStore } from "./store.ts";

/** `--acme` cannot work. The message says what to do. */
export class AcmeError extends Error {}

type Settings = Pick<Config, "acme" | "acmeEmail" | "acmeDirectory" | "acmeEabFile" | "acmeAcceptTerms">;

export interface AcmeContext {
  /** Absolute. */
  root: string;
  http: HttpListener;
  say: (message: string, level?: LogLevel) => void;
  changed: (certificates: readonly AcmeCertificate[]) => Promise<void> | void;
}

/** @throws AcmeError when the terms are not accepted */
export async function checkConsent(settings: Settings): Promise<void> {
  if (settings.acmeAcceptTerms) return;
  throw new AcmeError(await termsFault(directoryOf(settings)));
}

/**
 * Reads the stored certificates and opens the port for challenges. Does not order yet.
 * @throws AcmeError when certificates cannot be stored, or when there is neither one nor a way to get one
 */
export async function openAcme(settings: Settings, { root, http, say, changed }: AcmeContext): Promise<Acme> {
  const directory = directoryOf(settings);
  const { acme: hosts, acmeEmail: email, acmeEabFile } = settings;
  const binding = acmeEabFile === undefined ? undefined : await readBinding(acmeEabFile);
  const acme = new Acme({
    hosts,
    directory,
    ...(email !== undefined && { email }),
    ...(binding && { binding }),
    store: await openStore(join(root, RESERVED, "tls"), directory),
    orders: new OrderThread(),
    challenges: http,
    say,
    changed,
  });
  await acme.load();
  const fault = http.open();
  if (fault === undefined) return acme;
  const [first] = acme.certificates.toSorted((one, other) => Number(one.expires) - Number(other.expires));
  const advice =
    "Free it, grant the privilege (docs/tls.md), or choose another with --redirect-port to which port 80 is forwarded.";
  if (!first) throw new AcmeError(`No certificate can be ordered: ${fault}. ${advice}`);
  say(
    `Certificates cannot be renewed: ${fault}. ${advice} The stored ones are used; that of ${first.host} is valid until ${shownTime(first.expires)}.`,
    "warn",
  );
  return acme;
}

async function openStore(folder: string, directory: string): Promise<AcmeStore> {
  try {
    return await AcmeStore.open(folder, directory);
  } catch (error) {
    const reason = printable(messageOf(error));
    throw new AcmeError(
      `--acme cannot store certificates in ${RESERVED}/tls of the root (${reason}): let the server write there, or use --tls-cert.`,
    );
  }
}

/** @throws AcmeError */
async function readBinding(file: string): Promise<Binding> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new AcmeError(`--acme-eab-file ${printable(file)} cannot be read (${errnoOf(error)}).`);
  });
  const [, kid, hmacKey] = /^(\S{1,512})\s+([\w-]{16,1024}=*)\s*$/.exec(text) ?? [];
  if (kid === undefined || hmacKey === undefined)
    throw new AcmeError(
      `--acme-eab-file ${printable(file)} must have the id and the HMAC key (base64url) of the authority, separated by a space.`,
    );
  return { kid, hmacKey };
}
