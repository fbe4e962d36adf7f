// The options of the network: addresses, names, and the proxies and websites that are trusted.

import type { Config } from "./config.ts";
import { listenAddresses } from "./listen-address.ts";
import type { GivenValues, Option } from "./option.ts";
import { count, host, hosts, networks, origins, urlPath } from "./values.ts";

type NetworkKey = "host" | "port" | "listen" | "basePath" | "trustedProxy" | "hostname" | "cors";

/** Part of `OPTIONS`. */
export const NETWORK_OPTIONS: { readonly [Key in NetworkKey]-?: Option<NonNullable<Config[Key]>> } = {
  host: {
    name: "host",
    placeholder: "ADDRESS",
    default: "127.0.0.1",
    ...host(),
    help: "Address to listen on; any but loopback requires an account, --setup or --allow",
    group: "How it is reached",
  },
  port: {
    name: "port",
    short: "-p",
    placeholder: "PORT",
    default: "3000",
    ...count(0, 65_535),
    help: "Port to listen on; 0 chooses a free one",
    group: "How it is reached",
  },
  listen: {
    name: "listen",
    placeholder: "ADDRESS",
    default: "",
    list: true,
    ...listenAddresses(),
    help: "Address to listen on, instead of --host and --port: 0.0.0.0:3000, [::1]:3000 or unix:/run/sluice.sock; may be repeated",
    group: "How it is reached",
  },
  basePath: {
    name: "base-path",
    placeholder: "PATH",
    default: "",
    ...urlPath(["files", "dav", "uploads", "api", "swagger", "problems", "health", "metrics"]),
    help: "Path below which a reverse proxy shows this server, such as /sluice",
    group: "How it is reached",
  },
  trustedProxy: {
    name: "trusted-proxy",
    placeholder: "NETWORK",
    default: "",
    list: true,
    ...networks(),
    help: "Address or network of a reverse proxy, such as 10.0.0.0/8, whose X-Forwarded-For names the client, and X-Forwarded-Prefix the path it removed; unix stands for every Unix socket; may be repeated",
    group: "How it is reached",
  },
  hostname: {
    name: "hostname",
    placeholder: "NAME",
    default: "",
    list: true,
    ...hosts(),
    help: "Name under which clients reach this server, for example through a proxy; may be repeated, and the name in --url counts, too. If a name is known, or when listening on loopback, other names are refused",
    group: "How it is reached",
  },
  cors: {
    name: "cors",
    placeholder: "ORIGIN",
    default: "",
    list: true,
    ...origins(),
    help: "Origin of a website whose pages may call this server; may be repeated",
    group: "Who may do what",
  },
};

/** Part of `toConfig`. */
export function networkConfig({ value }: GivenValues): Pick<Config, NetworkKey> {
  return {
    host: value(NETWORK_OPTIONS.host),
    port: value(NETWORK_OPTIONS.port),
    listen: value(NETWORK_OPTIONS.listen),
    basePath: value(NETWORK_OPTIONS.basePath),
    trustedProxy: value(NETWORK_OPTIONS.trustedProxy),
    hostname: value(NETWORK_OPTIONS.hostname),
    cors: value(NETWORK_OPTIONS.cors),
  };
}
