// The addresses at which this machine and others reach a server here, and the command that forwards its port through ssh.

import { isIP } from "node:net";
import { networkInterfaces } from "node:os";

/** Most addresses returned: a machine with containers can have hundreds. */
const MAX_ADDRESSES = 8;
/** The unspecified IPv6 address. */
const ANY_IPV6 = /^(?:::|0:0:0:0:0:0:0:0)$/;

/** A host as part of a URL: IPv6 in brackets. */
export function inUrl(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** The address at which this machine reaches a server that listens on a host, which may be `0.0.0.0` or `::`. */
export function reachableHost(host: string): string {
  return host === "0.0.0.0" ? "127.0.0.1" : ANY_IPV6.test(host) ? "::1" : host;
}

/** The origin at which this machine reaches a server that listens on a host and a port. */
export function localOrigin(host: string, port: number): string {
  return `http://${inUrl(reachableHost(host))}:${port}`;
}

/** The addresses of this machine behind `0.0.0.0` or `::`, without loopback and link-local ones; none for another host. */
export function addressesBehind(host: string): string[] {
  if (host !== "0.0.0.0" && !ANY_IPV6.test(host)) return [];
  return interfaces()
    .filter(({ internal, family }) => !internal && (family === "IPv4" || host !== "0.0.0.0"))
    .map(({ address }) => address)
    .filter((address) => !/^fe[89ab]/i.test(address))
    .slice(0, MAX_ADDRESSES);
}

function interfaces() {
  try {
    return Object.values(networkInterfaces()).flatMap((addresses = []) => addresses);
  } catch {
    // A sandbox may forbid netlink sockets, which list them; the server works all the same.
    return [];
  }
}

/**
 * The command that makes a port of this machine's loopback address reachable on another machine. Complete when this process
 * was started through ssh, which tells its address.
 */
export function sshForward(port: number, env: Readonly<Record<string, string | undefined>>): string {
  const [, , address = "", sshPort = "22"] = env["SSH_CONNECTION"]?.split(" ") ?? [];
  const forward = `ssh -L ${port}:localhost:${port}`;
  if (isIP(address) === 0) return `${forward} USER@HOST`;
  return `${forward}${sshPort === "22" ? "" : ` -p ${sshPort}`} ${env["USER"] ?? "USER"}@${address}`;
}
