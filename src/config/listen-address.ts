// Addresses to listen on: their texts, and those that a configuration names.

import { fileURLToPath, pathToFileURL } from "node:url";
import { localOrigin } from "../system/addresses.ts";
import { count, host, type Kind, listOf } from "./values.ts";

export interface TcpAddress {
  readonly kind: "tcp";
  /** An IP address without brackets, or a host name. */
  readonly host: string;
  /** 0 chooses any free port. */
  readonly port: number;
  /** Set on `::` when another address has IPv4 at the same port; otherwise `::` takes both. */
  readonly ipv6Only?: true;
}

export interface UnixAddress {
  readonly kind: "unix";
  /** Absolute. */
  readonly path: string;
  /** The permissions of the socket file. */
  readonly mode: number;
}

/** An address to listen on. */
export type ListenAddress = TcpAddress | UnixAddress;

/** Most bytes of a socket's path: `sun_path` has 108, one of them for the end. */
const LONGEST_PATH = 107;
/** Its owner and its group may connect. */
const DEFAULT_MODE = "660";

/** Addresses, each as `HOST:PORT` or `unix:PATH`. The list may be empty. */
export function listenAddresses(): Kind<readonly ListenAddress[]> {
  return {
    allowed:
      "addresses such as 0.0.0.0:3000, [::1]:3000 or unix:/run/sluice/sluice.sock?mode=660 (an absolute path without a comma, of at most 107 bytes), separated by commas",
    parse: (text) => listOf(text, listenAddress),
  };
}

function listenAddress(text: string): ListenAddress | undefined {
  const [, path, mode = DEFAULT_MODE] = /^unix:(\/[^?\0]*[^?\0/])(?:\?mode=([0-7]{3}))?$/.exec(text) ?? [];
  if (path !== undefined)
    return Buffer.byteLength(path) > LONGEST_PATH
      ? undefined
      : { kind: "unix", path, mode: Number.parseInt(mode, 8) };
  const [, before = "", after = ""] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(text) ?? [];
  const name = host().parse(before);
  const port = count(0, 65_535).parse(after);
  return name === undefined || port === undefined ? undefined : { kind: "tcp", host: name, port };
}

/** The part of a configuration that names addresses. */
interface Named {
  readonly listen: readonly ListenAddress[];
  readonly host: string;
  readonly port: number;
}

/** The addresses that a configuration names: those of `--listen`, or else that of `--host` and `--port`. */
export function addressesOf({ listen, host, port }: Named): readonly ListenAddress[] {
  return listen.length > 0 ? listen : [{ kind: "tcp", host, port }];
}

/** Those of {@link addressesOf} that have a host and a port. */
export function tcpAddressesOf(named: Named): readonly TcpAddress[] {
  return addressesOf(named).filter((address) => address.kind === "tcp");
}

/** The paths of the Unix sockets among {@link addressesOf}. */
export function unixPathsOf(named: Named): readonly string[] {
  return addressesOf(named).flatMap((address) => (address.kind === "unix" ? [address.path] : []));
}

/**
 * The origin at which this machine reaches the server; undefined when it listens on Unix sockets only.
 * @param tls whether its ports speak TLS
 */
export function ownOrigin(named: Named, tls = false): string | undefined {
  const [tcp] = tcpAddressesOf(named);
  const origin = tcp && localOrigin(tcp.host, tcp.port);
  return tls ? origin?.replace("http:", "https:") : origin;
}

/** A URL that has the path of a Unix socket, such as `unix:/run/sluice.sock`. */
export function unixUrl(path: string): string {
  return pathToFileURL(path).href.replace("file://", "unix:");
}

/** The path of a Unix socket in a URL; undefined for a URL of another scheme. */
export function unixPath({ protocol, pathname }: URL): string | undefined {
  return protocol === "unix:" ? fileURLToPath(`file://${pathname}`) : undefined;
}
