// Refuses a root in which clients could change the files that the next start reads or runs.

import { realpath } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import type { Config, Grant } from "../config/config.ts";

/** How this process was started. */
export interface Start {
  /** The folder of this source; undefined in the binary, which obeys no file of the current folder. */
  readonly source: string | undefined;
  /** The arguments of `bun` itself, before the script. */
  readonly bunArguments: readonly string[];
}

export const thisStart: Start = {
  source: Bun.isStandaloneExecutable ? undefined : join(import.meta.dir, "../.."),
  bunArguments: process.execArgv,
};

/** Whether clients with these grants cannot change files. Unset: accounts may. */
function isReading(allow: ReadonlySet<Grant> | undefined): boolean {
  return allow !== undefined && [...allow].every((grant) => /^(?:list|read)(?:=|$)/.test(grant));
}

/** Whether one of the paths is inside the root; false when the root does not exist yet. */
export async function isServed(paths: readonly string[], root: string): Promise<boolean> {
  const real = await realpath(root).catch(() => undefined);
  if (real === undefined) return false;
  for (const path of paths) {
    const route = relative(real, await realpath(path).catch(() => path));
    if (route !== ".." && !route.startsWith(`..${sep}`) && !isAbsolute(route)) return true;
  }
  return false;
}

/**
 * The reason why clients with these grants could run code in the server, or change its options, at the next start.
 * @param folder the current folder
 * @param root absolute
 * @returns undefined when they could not
 */
export async function exposure(
  { allow }: Pick<Config, "allow">,
  folder: string,
  root: string,
  { source, bunArguments }: Start,
): Promise<string | undefined> {
  if (source === undefined || isReading(allow)) return undefined;
  if (await isServed([source], root))
    return "the root contains the source of this program, which clients could change; serve another folder";
  if (!readsWorkingFolder(bunArguments) || !(await isServed([folder], root))) return undefined;
  return (
    "the current folder is inside the root, and Bun obeys its bunfig.toml, tsconfig.json and .env at every start: " +
    "clients could upload these files to run code or to change permissions; start sluice in another folder"
  );
}

/** Without these arguments, Bun reads configuration files in the current folder before the program starts. */
const ISOLATING = ["--no-env-file", "--config=", "--tsconfig-override="];

function readsWorkingFolder(bunArguments: readonly string[]): boolean {
  return !ISOLATING.every((flag) => bunArguments.some((word) => word.startsWith(flag)));
}
