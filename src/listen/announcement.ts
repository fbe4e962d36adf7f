// The lines that a started server prints: where it listens, how other machines reach it, and how the first owner is made.

import type { TcpAddress } from "../config/listen-address.ts";
import { printable } from "../plugins/log.ts";
import type { Listener } from "../plugins/request-info.ts";
import { addressesBehind, reachableHost, sshForward } from "../system/addresses.ts";
import { isLoopback } from "../system/loopback.ts";
import { urlAt } from "./listeners.ts";

export interface Announced {
  /** Absolute. */
  readonly root: string;
  readonly basePath: string;
  /** The address under which browsers reach the server, if it is known. */
  readonly url?: string;
  /** The host names of the certificates; by another one, TLS fails. */
  readonly names: readonly string[];
  /** Whether the addresses were given with `--listen`. */
  readonly many: boolean;
  /** Whether nobody may do anything without an account. */
  readonly closed: boolean;
  /** The token of the link by which the first owner is made; null when there are accounts already, undefined without `--setup`. */
  readonly setup: string | null | undefined;
}

type TcpListener = Listener & { address: TcpAddress };

/** All lines, each with its end. The first one is the same for every set of addresses: programs read it. */
export function announcement(listeners: readonly Listener[], given: Announced): string {
  const announced = { ...given, names: given.names.filter((name) => !isLoopback(name)) };
  const [first = "", ...others] = listeners
    .toSorted((one, other) => Number(!isTcp(one)) - Number(!isTcp(other)))
    .map((one) => printable(shown(one, announced.basePath), 4096));
  const lines = [
    `Sluice is listening on ${first} (root: ${printable(announced.root, 4096)})`,
    ...others.map((other) => `It is also listening on ${other}`),
    howToReach(listeners, announced),
    ...(announced.setup === undefined ? [] : [howToBegin(listeners, announced.setup, announced)]),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function shown(listener: Listener, basePath: string, host?: string): string {
  return isTcp(listener) ? urlAt(listener, host) + basePath : urlAt(listener);
}

function isTcp(listener: Listener): listener is TcpListener {
  return listener.address.kind === "tcp";
}

/** How other machines reach the server. Where there are accounts, nothing needs to be opened to everyone for that. */
function howToReach(listeners: readonly Listener[], { basePath, names, many, closed }: Announced): string {
  const tcp = listeners.filter(isTcp);
  const open = tcp.filter(({ address }) => !isLoopback(address.host));
  if (open.length > 0) {
    const urls = open.flatMap((one) => {
      const addresses = one.secure && names.length > 0 ? names : addressesBehind(one.address.host);
      return (addresses.length > 0 ? addresses : [one.address.host]).map((host) =>
        shown(one, basePath, host),
      );
    });
    return `Other machines can reach it at ${[...new Set(urls)].join(", ")}`;
  }
  const [local] = tcp;
  if (!local)
    return "Only programs on this machine that may open the socket can reach it, such as a reverse proxy.";
  const port = local.server.port ?? local.address.port;
  const flag = many ? `--listen 0.0.0.0:${port}` : "--host 0.0.0.0";
  return `Only this machine can reach it. From another one, run ${sshForward(port, process.env)} there, or restart with ${flag}${closed ? "" : " --allow GRANTS"}.`;
}

/** How the first owner is made. The token stands behind `#`, so that it reaches no log of a proxy. */
function howToBegin(
  listeners: readonly Listener[],
  token: string | null,
  { url, names, basePath }: Announced,
): string {
  if (token === null)
    return "There are accounts already, so --setup does nothing. A new password: sluice user reset NAME.";
  const [tcp] = listeners.filter(isTcp);
  const [name] = tcp?.secure ? names : [];
  const host = tcp && (name ?? addressesBehind(tcp.address.host)[0] ?? reachableHost(tcp.address.host));
  const known = url ?? (tcp && urlAt(tcp, host));
  const link = `${known ?? ""}${basePath}/setup#${token}`;
  return `Nobody may do anything yet. Make the first owner within 15 minutes: ${link}${known === undefined ? " at the address of the reverse proxy" : ""}`;
}
