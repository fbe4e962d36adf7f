// Reads options from SLUICE_ variables and sluice.toml.

import { dirname, resolve } from "node:path";
import type { Option } from "../config/option.ts";
import { CONFIG_FILE, FLAGS, OPTIONS } from "../config/options.ts";
import { nearest, quoted } from "../suggest.ts";
import { errnoOf } from "../system/errno.ts";

/** The text given for an option, and a label for its source: `--port`, `SLUICE_PORT` or `port in sluice.toml`. */
export interface Given {
  readonly text: string;
  readonly label: string;
}

/** The options of one source by name, and its faults, one sentence each. */
export interface Source {
  readonly given: ReadonlyMap<string, Given>;
  readonly faults: readonly string[];
}

/** The options file, which a flag or a variable may name. */
export interface OptionsFile extends Source {
  readonly path: string;
  /** Its name in messages. */
  readonly label: string;
  readonly named: boolean;
}

const PREFIX = "SLUICE_";
/** No option: `sluice top` logs in with it. */
const TOKEN_VARIABLE = "SLUICE_TOKEN";

/** Largest options file in bytes, so that naming a device or a video by mistake does not fill memory. */
const MAX_FILE_BYTES = 64 * 1024;

const KEYS: ReadonlyMap<string, Option<unknown>> = new Map(
  Object.values(OPTIONS).map((option) => [option.name, option]),
);

/** `SLUICE_MAX_FILE_SIZE` for `max-file-size`. */
export function variable(name: string): string {
  return PREFIX + name.toUpperCase().replaceAll("-", "_");
}

/** Reads the variables that start with `SLUICE_`. An unknown one is a fault: a misspelled limit would not apply. */
export function fromEnvironment(env: Readonly<Record<string, string | undefined>>): Source {
  const given = new Map<string, Given>();
  const faults: string[] = [];
  const names = new Map(FLAGS.map(({ name }) => [variable(name), name]));
  for (const [key, text] of Object.entries(env)) {
    if (!key.startsWith(PREFIX) || key === TOKEN_VARIABLE || text === undefined) continue;
    const name = names.get(key);
    if (name) given.set(name, { text, label: key });
    else {
      const near = nearest(key.slice(PREFIX.length), [...names.values()]);
      faults.push(
        `unknown variable ${quoted(key)}${near === undefined ? "" : `; the nearest is ${variable(near)}`}`,
      );
    }
  }
  return { given, faults };
}

/**
 * Reads the options file: the one that the flags or else the variables name, or sluice.toml in the current folder.
 *
 * @returns undefined when none is named and there is no sluice.toml, or when the name is empty
 */
export async function optionsFile(
  flags: Source["given"],
  variables: Source["given"],
  folder: string,
): Promise<OptionsFile | undefined> {
  const named = flags.get(CONFIG_FILE.name) ?? variables.get(CONFIG_FILE.name);
  if (named?.text === "") return undefined;
  const path = resolve(folder, named?.text ?? "sluice.toml");
  const label = named ? quoted(named.text) : "sluice.toml";
  const source = await fromFile(path, label);
  if (source) return { ...source, path, label, named: named !== undefined };
  if (!named) return undefined;
  const faults = [`${named.label}: the file ${label} does not exist`];
  return { given: new Map(), faults, path, label, named: true };
}

/**
 * Reads an options file. A relative root is resolved against the file's folder.
 *
 * @param file its path
 * @param label its name in messages
 * @returns undefined when the file does not exist
 */
async function fromFile(file: string, label: string): Promise<Source | undefined> {
  try {
    const text = await Bun.file(file)
      .slice(0, MAX_FILE_BYTES + 1)
      .text();
    if (text.length > MAX_FILE_BYTES)
      throw new SyntaxError("the file is longer than 64 KiB, too long for an options file");
    return fromEntries(parseToml(text), label, dirname(file));
  } catch (error) {
    const code = errnoOf(error);
    if (code === "ENOENT") return undefined;
    const reason = error instanceof SyntaxError ? error.message : `the file cannot be read (${code})`;
    return { given: new Map(), faults: [`${label}: ${reason}`] };
  }
}

function fromEntries(entries: readonly [string, unknown][], label: string, folder: string): Source {
  const given = new Map<string, Given>();
  const faults: string[] = [];
  for (const [key, value] of entries) {
    const option = KEYS.get(key);
    if (!option) {
      const near = nearest(key, [...KEYS.keys()]);
      faults.push(
        `no key or section ${quoted(key)} in ${label}${near === undefined ? "" : `; the nearest key is ${near}`}`,
      );
      continue;
    }
    const text = asText(value, option);
    if (text === undefined) {
      const kinds = option.list ? "a string or a list of strings" : "a string or a number";
      faults.push(`${key} in ${label} is not ${kinds}; use ${option.allowed}`);
      continue;
    }
    const relative = option === OPTIONS.root && text !== "";
    given.set(key, { text: relative ? resolve(folder, text) : text, label: `${key} in ${label}` });
  }
  return { given, faults };
}

/** Parses TOML. @throws SyntaxError that names the line, which Bun's own error does not */
function parseToml(text: string): [key: string, value: unknown][] {
  try {
    return Object.entries(Bun.TOML.parse(text));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const lines = text.split("\n");
    const good = lines.findLastIndex((_, index) => isToml(lines.slice(0, index).join("\n")));
    throw new SyntaxError(`line ${good + 1}: ${error.message.replace("TOML Parse error: ", "")}`);
  }
}

function isToml(text: string): boolean {
  try {
    Bun.TOML.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Converts a TOML value to the text of a flag; undefined when its type is not allowed. */
function asText(value: unknown, option: Option<unknown>): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "boolean" && option.parse("on") === true) return value ? "on" : "off";
  if (!option.list) return typeof value === "number" ? String(value) : undefined;
  return Array.isArray(value) && value.every((one) => typeof one === "string") ? value.join(",") : undefined;
}
