// Finds the root and the database that a command works on: flags, then SLUICE_ variables, then sluice.toml, then the default.

import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { accessFile } from "../../access/database/open.ts";
import type { Grant } from "../../config/config.ts";
import { ownOrigin } from "../../config/listen-address.ts";
import type { Option } from "../../config/option.ts";
import { OPTIONS } from "../../config/options.ts";
import { speaksTls } from "../../config/tls-options.ts";
import { quoted } from "../../suggest.ts";
import { isServed } from "../exposure.ts";
import { fromEnvironment, type Given, optionsFile } from "../sources.ts";
import { CommandFailed, type Console, WrongUse } from "./console.ts";

/** The flags of every command. */
export interface GlobalFlags {
  root?: string;
  access?: string;
  config?: string;
  url?: string;
  json?: boolean;
}

export interface Settings {
  /** Absolute. */
  root: string;
  /** The root as it was written, and where: `"./files" (the default)`. */
  named: string;
  /** The database, which need not exist. */
  file: string;
  /** Where browsers reach the server, without a slash at the end. */
  site: string;
  /** Whether `site` was set, rather than guessed from the port. */
  hasSite: boolean;
  /** `--allow` of the variable or the file; the flags of a running server are not known here. */
  allow: ReadonlySet<Grant> | undefined;
}

/** @throws WrongUse for a value that is not allowed; CommandFailed when there is no such root */
export async function readSettings(
  flags: GlobalFlags,
  { env, folder }: Pick<Console, "env" | "folder">,
): Promise<Settings> {
  const given = await readSources(flags, env, folder);
  const value = <T>(option: Option<T>): T => {
    const { text, label } = given.get(option.name) ?? { text: option.default ?? "", label: "" };
    const parsed = option.parse(text);
    if (parsed === undefined)
      throw new WrongUse(`${label}: ${quoted(text)} is not allowed; use ${option.allowed}`);
    return parsed;
  };
  const has = (option: Option<unknown>): boolean => given.has(option.name);

  const written = value(OPTIONS.root);
  const root = resolve(folder, written);
  const named = `${quoted(written)} (${given.get(OPTIONS.root.name)?.label ?? "the default"})`;
  const file = has(OPTIONS.access) ? resolve(folder, value(OPTIONS.access)) : undefined;
  if (file === undefined && !isFolder(root))
    throw new CommandFailed(
      `There is no folder ${named}. Name the root that the server serves with --root, or create it first.`,
    );
  const addresses = { listen: value(OPTIONS.listen), host: value(OPTIONS.host), port: value(OPTIONS.port) };
  // Behind a Unix socket there is a proxy, most likely on the usual port.
  const origin = has(OPTIONS.url)
    ? value(OPTIONS.url)
    : (ownOrigin(addresses, speaksTls({ tlsCert: value(OPTIONS.tlsCert), acme: value(OPTIONS.acme) })) ??
      "http://localhost");
  return {
    root,
    named,
    file: accessFile(root, file),
    site: origin + value(OPTIONS.basePath),
    hasSite: has(OPTIONS.url),
    allow: has(OPTIONS.allow) ? value(OPTIONS.allow) : undefined,
  };
}

/** Faults of other options are left to the server: a command needs only those above. */
async function readSources(
  flags: GlobalFlags,
  env: Console["env"],
  folder: string,
): Promise<ReadonlyMap<string, Given>> {
  const own = new Map<string, Given>();
  for (const name of ["root", "access", "config", "url"] as const) {
    const text = flags[name];
    if (text !== undefined) own.set(name, { text, label: `--${name}` });
  }
  const environment = fromEnvironment(env).given;
  const file = await optionsFile(own, environment, folder);
  if (file && file.faults.length > 0) throw new WrongUse(file.faults.join("; "));
  const given = new Map([...(file?.given ?? []), ...environment, ...own]);
  const root = resolve(folder, given.get(OPTIONS.root.name)?.text ?? OPTIONS.root.default ?? "");
  if (file && !file.named && (await isServed([file.path], root)))
    throw new WrongUse(
      "sluice.toml is inside the root, where clients could write it, so it is not obeyed: move it elsewhere, or trust it with --config sluice.toml",
    );
  return given;
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}
