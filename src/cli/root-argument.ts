// Recognizes a ROOT argument that was meant as something else: a misspelt command, a URL, a port.

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import leven from "leven";
import { quoted } from "../suggest.ts";

/** Flags that are often typed as commands. */
const FLAG_WORDS = ["help", "version"];
const FOLDER_HINT = "To create and serve a folder of this name, put ./ before it";
const HOST_AND_PORT = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]):\d{1,5}(?:\/|$)/i;
const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

/** The URL that a word stands for, whatever its scheme: `localhost:3000` is `http://localhost:3000`, unless a folder has this name. */
export function urlFor(word: string, folder: string): string | undefined {
  if (/^https?:/i.test(word) || SCHEME.test(word)) return word;
  return HOST_AND_PORT.test(word) && !existsSync(resolve(folder, word)) ? `http://${word}` : undefined;
}

/**
 * A message for a ROOT that was probably meant as something else. `./docter` and the name of an existing folder are always roots.
 * @param explicit whether `serve` precedes it, so that it is no command
 * @param folder the current folder
 */
export function misunderstoodRoot(
  word: string,
  commands: readonly string[],
  explicit: boolean,
  folder: string,
): string | undefined {
  if (existsSync(resolve(folder, word))) return undefined;
  if (SCHEME.test(word) || HOST_AND_PORT.test(word))
    return `${quoted(word)} is a URL, and a server is started with a folder; use sluice doctor URL or sluice top URL`;
  if (word.includes("/") || explicit) return undefined;
  if (/^\d{2,5}$/.test(word))
    return `${quoted(word)} is no folder here; a port is set by --port ${word}. ${FOLDER_HINT}`;
  const near = [...commands, ...FLAG_WORDS].find((name) => isTypo(word.toLowerCase(), name));
  if (near === undefined) return undefined;
  const meant = FLAG_WORDS.includes(near) ? `--${near}` : near;
  return `${quoted(word)} is neither a command nor a folder here; did you mean sluice ${meant}? ${FOLDER_HINT}`;
}

/** Whether a word differs from a name by at most two typing errors, for short names one. Two swapped letters are one error. */
function isTypo(word: string, name: string): boolean {
  const distance = leven(word, name);
  const swapped = distance === 2 && [...word].toSorted().join("") === [...name].toSorted().join("");
  return (swapped ? 1 : distance) <= (name.length > 4 ? 2 : 1);
}
