// The settings in filebrowser's database: those that are options of Sluice, and those that have no equivalent.

import { quoted } from "../../../suggest.ts";
import { listenOptions } from "../listen-options.ts";
import type { Findings } from "../model.ts";
import type { ServerRecord, SettingsRecord } from "./records.ts";

/** The options of `sluice` that listen where filebrowser did. */
export function serverOptions(
  { address, port, baseURL, ...server }: ServerRecord,
  findings: Findings,
): string[] {
  if (server.socket)
    findings.add("setting socket", "Sluice listens on TCP, not on a Unix socket; set --host and --port.");
  if (server.tlsCert || server.tlsKey)
    findings.add(
      "setting tlsCert",
      `The certificate ${quoted(server.tlsCert ?? "")} is left out: give it to sluice with --tls-cert, and its key with --tls-key (docs/tls.md).`,
    );
  if (server.followExternalSymlinks)
    findings.add(
      "setting followExternalSymlinks",
      "Links that lead out of the root are never followed; use a bind mount.",
    );
  return listenOptions(
    { addresses: address ? [address] : [], port: port || "8080", basePath: baseURL },
    findings,
  );
}

/** Adds a finding for each setting that changes what people can do. */
export function reportSettings(settings: SettingsRecord, findings: Findings): void {
  const { authMethod = "json", signup, createUserDir, branding, commands } = settings;
  const method = WITHOUT_PASSWORDS.get(authMethod);
  if (authMethod !== "json")
    findings.add(
      "setting authMethod",
      method ?? `${quoted(authMethod)} is unknown. Everyone needs a password.`,
    );
  if (signup)
    findings.add(
      "setting signup",
      "Nobody can make an account for themselves; send an invite: sluice user invite NAME",
    );
  if (createUserDir)
    findings.add(
      "setting createUserDir",
      "New accounts get no folder of their own; grant one: sluice grant NAME /users/NAME all",
    );
  if (branding?.name || branding?.files)
    findings.add("setting branding", "The page cannot be given another name or look.");
  for (const [event, list] of Object.entries(commands ?? {}))
    if (list && list.length > 0)
      findings.add(
        `command ${event}`,
        `${quoted(list.join("; "))} is not run: it is made for a shell. See sluice hook add.`,
      );
}

const WITHOUT_PASSWORDS = new Map<string, string>(
  Object.entries({
    noauth:
      "Everyone was the first account, without logging in. Grant the same to everyone: sluice grant anyone / read",
    proxy: "A proxy named the account in a header: set --login-header and --trusted-proxy.",
    hook: "A command checked passwords. Everyone needs a password of Sluice: sluice user invite NAME",
  }),
);
