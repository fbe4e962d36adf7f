// Determines the address of a client: that of the connection, or the one that a trusted proxy reports.

import { BlockList, isIP } from "node:net";

/** The other end of a connection over a Unix socket, which has no address. */
export const UNIX = "unix";
/** The other end of a connection: an IP address, or {@link UNIX}. */
export type Peer = string;

/** Reads client addresses, believing the proxies in these networks (`10.0.0.0/8`, `::1/128`), and behind Unix sockets if `unix` is among them. */
export class ClientAddresses {
  readonly #trusted = new BlockList();
  readonly #trustsUnix: boolean;

  constructor(networks: readonly string[]) {
    this.#trustsUnix = networks.includes(UNIX);
    for (const network of networks) {
      if (network === UNIX) continue;
      const [address = "", prefix] = network.split("/");
      this.#trusted.addSubnet(address, Number(prefix), family(address));
    }
  }

  /**
   * The address of the client. Each proxy appends the address that it saw, so the last one that is no trusted proxy is the
   * client's: all to the left of it may be invented. `X-Forwarded-For` counts before `Forwarded` (RFC 7239).
   * @returns undefined when no trusted proxy names the client of a Unix socket
   */
  of(peer: Peer, headers: Headers): string | undefined {
    let client = peer === UNIX ? undefined : plain(peer);
    if (!this.trusts(peer)) return client;
    for (const hop of hops(headers).reverse()) {
      const address = plain(hop);
      if (isIP(address) === 0) break;
      client = address;
      if (!this.#isTrusted(client)) break;
    }
    return client;
  }

  /** Whether the other end of a connection is a trusted proxy. */
  trusts(peer: Peer): boolean {
    return peer === UNIX ? this.#trustsUnix : this.#isTrusted(plain(peer));
  }

  #isTrusted(address: string): boolean {
    return isIP(address) !== 0 && this.#trusted.check(address, family(address));
  }
}

/**
 * The key under which limits per client are counted: for IPv6 the /64 network, all of which one client usually has.
 * @returns undefined for loopback, the address of local programs and of a local proxy that is not trusted: not limited
 */
export function clientOf(address: string): string | undefined {
  if (address === "::1" || address.startsWith("127.")) return undefined;
  return isIP(address) === 6 ? `${groupsOf(address).slice(0, 4).join(":")}::/64` : address;
}

/** The addresses that proxies have appended, the nearest last; without ports. */
function hops(headers: Headers): string[] {
  const forwardedFor = headers.get("x-forwarded-for");
  const hops =
    forwardedFor === null
      ? [...(headers.get("forwarded") ?? "").matchAll(/(?:^|[;,\s])for="?([^",;\s]*)/gi)].map(
          ([, hop = ""]) => hop,
        )
      : forwardedFor.split(",");
  return hops.map((hop) =>
    hop
      .trim()
      .replace(/^\[(.*)\](?::\d+)?$/, "$1")
      .replace(/^([\d.]+):\d+$/, "$1"),
  );
}

/** Removes the zone of an IPv6 address, and converts an IPv4-mapped one (`::ffff:192.0.2.1`) to IPv4. */
function plain(address: string): string {
  return address.replace(/%.*$/, "").replace(/^::ffff:(?=[\d.]+$)/i, "");
}

function family(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): string[] {
  // The URL parser writes the last 32 bits as groups, too.
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const [left = [], right = []] = [head, tail ?? ""].map((part) =>
    part.split(":").filter((group) => group !== ""),
  );
  return [...left, ...Array<string>(8 - left.length - right.length).fill("0"), ...right];
}
