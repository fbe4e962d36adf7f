// Parses the arguments of commands: paths, permissions, sizes and times.

import { resolve, sep } from "node:path";
import { InvalidArgumentError } from "commander";
import { parseWords, type Words } from "../../access/words.ts";
import { WORDS } from "../../config/config.ts";
import { count, duration, type Kind, rate, size } from "../../config/values.ts";
import { Problem } from "../../errors.ts";
import { checkFolderPath, type FolderPath } from "../../path.ts";
import { instead, quoted } from "../../suggest.ts";
import { WrongUse } from "./console.ts";
import type { Work } from "./work.ts";

/** A parser for commander of this kind of value. */
function parserOf<T>({ parse, allowed }: Kind<T>): (text: string) => T {
  return (text) => {
    const value = parse(text);
    if (value === undefined) throw new InvalidArgumentError(`${quoted(text)} is not allowed; use ${allowed}`);
    return value;
  };
}

/** Bytes. */
export const sizeValue = parserOf(size(0));
/** Bytes per second. */
export const rateValue = parserOf(rate());
export const countValue = parserOf(count(1, 1_000_000));
const lifetime = parserOf(duration("1m", "3650d"));

/** A parser for seconds. The bounds are texts such as `1s`. */
export function durationValue(least: string, most: string): (text: string) => number {
  return parserOf(duration(least, most));
}

/** Seconds; infinite for `never`. */
export function lifetimeValue(text: string): number {
  return text === "never" ? Number.POSITIVE_INFINITY : lifetime(text);
}

/** A parser that collects the values of a flag that is given several times, or once with commas. */
export function listValue(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(",").map((one) => one.trim())];
}

/**
 * A path below the root: `team/a`, `/team/a`, or `/` for the root. One that begins with `./`, `../` or the root itself is a path on
 * the disk, as the completion of a shell writes it.
 * @throws WrongUse
 */
export function pathIn(work: Work, text: string): FolderPath {
  const { root } = work.settings;
  const onDisk = resolve(work.console.folder, text);
  const isDisk = /^\.{1,2}(?:\/|$)/.test(text) || text === root || text.startsWith(root + sep);
  if (isDisk && onDisk !== root && !onDisk.startsWith(root + sep))
    throw new WrongUse(`${quoted(text)} is not in the root ${work.settings.named}`);
  const path = isDisk ? onDisk.slice(root.length + 1) : text.replace(/^\//, "");
  try {
    return checkFolderPath(path);
  } catch (error) {
    if (error instanceof Problem) throw new WrongUse(`${quoted(text)} is not a path: ${error.detail}`);
    throw error;
  }
}

/** `read,write`, `all` or `none`. @throws WrongUse that names the nearest word */
export function wordsIn(text: string): Words {
  const words = parseWords(text);
  if (words !== undefined) return words;
  const known = [...WORDS, "all", "none"];
  const wrong = text.split(",").find((word) => parseWords(word) === undefined) ?? text;
  throw new WrongUse(`${quoted(wrong)} is no permission; ${instead(wrong, known)}`);
}

/** When something expires: milliseconds since 1970, null for never. @param seconds from now */
export function expiryOf(seconds: number): number | null {
  return Number.isFinite(seconds) ? Date.now() + seconds * 1000 : null;
}
