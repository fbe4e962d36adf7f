// The options of `sluice` that listen where another server did.

import { isIP } from "node:net";
import { quoted } from "../../suggest.ts";
import type { Findings } from "./model.ts";

export interface Listening {
  /** IP addresses, or others that cannot be taken. None: all addresses of the machine. */
  addresses: readonly string[];
  port: string;
  /** With or without slashes at its ends. */
  basePath?: string | undefined;
}

/** Adds a finding for each part that cannot be taken. */
export function listenOptions({ addresses, port, basePath }: Listening, findings: Findings): string[] {
  const [host = "0.0.0.0", ...others] = addresses.filter((address) => isIP(address) !== 0);
  for (const address of addresses.filter((one) => isIP(one) === 0))
    findings.add(`address ${quoted(address)}`, "Sluice listens on an IP address; it is left out.");
  for (const address of others)
    findings.add(
      `address ${quoted(address)}`,
      `Sluice listens on one address, here ${host}; 0.0.0.0 or :: is all of them.`,
    );
  const path = (basePath ?? "").replace(/^\/+|\/+$/g, "");
  const options = ["--host", host];
  if (/^[1-9]\d{0,4}$/.test(port)) options.push("--port", port);
  else
    findings.add(
      `port ${quoted(port)}`,
      "Sluice listens on one port, given as a number; set --port yourself.",
    );
  if (path !== "") options.push("--base-path", `/${path}`);
  return options;
}
