// Why an address cannot be listened on, and what to do about it.

import type { ListenAddress } from "../config/listen-address.ts";
import { printable } from "../plugins/log.ts";
import { errnoOf, messageOf } from "../system/errno.ts";

/** An address that cannot be listened on. Its message says what to change. */
export class ListenError extends Error {}

/** The flags that name an address. */
export interface Flags {
  readonly host: string;
  readonly port: string;
}

export const ONE_ADDRESS: Flags = { host: "--host", port: "--port" };
export const MANY_ADDRESSES: Flags = { host: "--listen", port: "--listen" };

/** The error of an attempt to listen. */
export function listenError(error: unknown, address: ListenAddress, flags: Flags): ListenError {
  const code = errnoOf(error);
  const text = printable(messageOf(error));
  if (address.kind === "unix" && code === "EADDRINUSE") return new ListenError(takenSocket(address.path));
  if (address.kind === "unix")
    return new ListenError(`The Unix socket ${printable(address.path)} cannot be made: ${text}`);
  const { host, port } = address;
  if (code === "EADDRINUSE") {
    const free = flags === ONE_ADDRESS ? ", or --port 0 for any free port" : "";
    return new ListenError(
      `Port ${port} of ${host} is already in use: choose another with ${flags.port}${free}.`,
    );
  }
  if (code === "EADDRNOTAVAIL")
    return new ListenError(`${host} is not an address of this machine: change ${flags.host}.`);
  if (code === "EACCES") return new ListenError(privileged(port));
  return new ListenError(`Port ${port} of ${host} cannot be listened on: ${text}`);
}

/** The message when another server listens on a Unix socket. */
export function takenSocket(path: string): string {
  return `Another server listens on the Unix socket ${printable(path)}: stop it, or choose another path with --listen.`;
}

export function unknownHost(host: string, flags: Flags): ListenError {
  return new ListenError(
    `No address was found for the host ${host}: check the spelling of ${flags.host}, or use an IP address.`,
  );
}

function privileged(port: number): string {
  const grant = Bun.isStandaloneExecutable
    ? `sudo setcap cap_net_bind_service=+ep ${printable(process.execPath)}, or AmbientCapabilities=CAP_NET_BIND_SERVICE in its systemd unit`
    : "AmbientCapabilities=CAP_NET_BIND_SERVICE in its systemd unit";
  return `Port ${port} needs a privilege that this user lacks: use a reverse proxy and a port from 1024, or grant the privilege with ${grant}.`;
}
