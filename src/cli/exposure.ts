// Refuses a root in which clients could change the files that the next start reads or runs, or read its secrets.

import { realpath } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { type Config, type Grant, grantedWords, type Word } from "../config/config.ts";
import { OPTIONS } from "../config/options.ts";
import { RESERVED } from "../path.ts";

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

/** The words with which clients cannot change files. */
const READING: ReadonlySet<unknown> = new Set<Word>(["list", "read"]);

/** Whether clients with these grants cannot change files. Unset: accounts may. */
function isReading(allow: ReadonlySet<Grant> | undefined): boolean {
  return allow !== undefined && grantedWords(allow).isSubsetOf(READING);
}

/** Whether one of the paths is inside the root; false when the root does not exist yet. */
export async function isServed(paths: readonly string[], root: string): Promise<boolean> {
  const real = await realpath(root).catch(() => undefined);
  if (real === undefined) return false;
  for (const path of paths) if (isInside(await realpath(path).catch(() => path), real)) return true;
  return false;
}

function isInside(path: string, folder: string): boolean {
  const route = relative(folder, path);
  return route !== ".." && !route.startsWith(`..${sep}`) && !isAbsolute(route);
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

/** The options that name files with secrets. */
const SECRETS = [
  "access",
  "oidcSecretFile",
  "tlsCert",
  "tlsKey",
  "acmeEabFile",
] as const satisfies (keyof Config)[];

/**
 * The reason why clients could download secrets of the server, or replace them.
 * @param folder the current folder
 * @param root absolute
 * @returns undefined when they could not
 */
export async function servedSecret(
  config: Pick<Config, (typeof SECRETS)[number]>,
  folder: string,
  root: string,
): Promise<string | undefined> {
  const named = SECRETS.flatMap((key) =>
    [config[key] ?? []].flat().map((file) => ({ flag: OPTIONS[key].name, file })),
  );
  for (const { flag, file } of named) {
    const path = resolve(folder, file);
    // The file may not exist yet, and may be a link.
    const parent = await realpath(dirname(path)).catch(() => dirname(path));
    const isReserved = isInside(parent, join(await realpath(root).catch(() => root), RESERVED));
    if (!isReserved && (await isServed([join(parent, basename(path)), path], root)))
      return `--${flag}: ${file} is inside the root, where clients could download or replace it; move it elsewhere`;
  }
  return undefined;
}

/** Without these arguments, Bun reads configuration files in the current folder before the program starts. */
const ISOLATING = ["--no-env-file", "--config=", "--tsconfig-override="];

function readsWorkingFolder(bunArguments: readonly string[]): boolean {
  return !ISOLATING.every((flag) => bunArguments.some((word) => word.startsWith(flag)));
}
