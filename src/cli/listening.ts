// Refuses addresses that contradict each other, and those that would let other machines do what nobody has decided.

import { resolve } from "node:path";
import { AccessError, accessFile, openDatabase } from "../access/database/open.ts";
import { readSnapshot } from "../access/database/snapshot.ts";
import type { Config } from "../config/config.ts";
import { tcpAddressesOf } from "../config/listen-address.ts";
import { OPTIONS } from "../config/options.ts";
import { quoted } from "../suggest.ts";
import { isLoopback } from "../system/loopback.ts";
import type { Given } from "./sources.ts";

/**
 * Tells the fault of the addresses to listen on.
 * @param given the options that were given
 * @returns undefined when there is none
 */
export function listeningFault(
  config: Config,
  given: ReadonlyMap<string, Given>,
  { setup, folder }: { setup: boolean; folder: string },
): string | undefined {
  const listen = given.get(OPTIONS.listen.name);
  const host = given.get(OPTIONS.host.name);
  const single = host ?? given.get(OPTIONS.port.name);
  if (config.listen.length > 0 && single)
    return `${single.label} cannot be given beside ${listen?.label}, whose addresses have hosts and ports of their own; remove one of the two`;
  if (setup || given.has(OPTIONS.allow.name)) return undefined;
  const open = tcpAddressesOf(config).find((address) => !isLoopback(address.host));
  if (!open || hasAccounts(config, folder)) return undefined;
  return (
    `${(listen ?? host)?.label}: ${quoted(open.host)} gives other machines access, so their permissions must be set; ` +
    "add --allow read (list and download), --allow read,write (also upload) or --allow all, " +
    "or let people log in: sluice user add NAME --owner, or --setup"
  );
}

/** Whether nobody may do anything without an account. A database that cannot be read counts: the server does not start with it. */
function hasAccounts({ root, access }: Config, folder: string): boolean {
  const file = accessFile(resolve(folder, root), access && resolve(folder, access));
  try {
    const database = openDatabase(file, { create: false });
    if (!database) return false;
    try {
      return readSnapshot(database).closed;
    } finally {
      database.close();
    }
  } catch (error) {
    if (error instanceof AccessError) return true;
    throw error;
  }
}
