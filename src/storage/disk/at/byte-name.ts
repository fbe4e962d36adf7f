// Names as bytes: a disk may hold names that are no text, or that no path of a client can contain.

import { isUtf8 } from "node:buffer";
import type { Calls, Path } from "../os/calls.ts";
import type { DirHandle } from "./handle.ts";

/** The character that replaces bytes that are not UTF-8 when node:fs decodes a name. */
export const REPLACED = "\ufffd";

/** The names in a folder: as text, which takes a third of the memory, unless one of them is not UTF-8. */
export async function namesIn(calls: Calls, { path }: DirHandle): Promise<Path[]> {
  const names = await calls.names(path);
  return names.some((name) => name.includes(REPLACED)) ? await calls.byteNames(path) : names;
}

/** The path of an entry in an open folder. */
export function pathIn({ path }: DirHandle, name: Path): Path {
  return typeof name === "string" ? `${path}/${name}` : Buffer.concat([Buffer.from(`${path}/`), name]);
}

/** A name for messages: a backslash, a control character and a byte that is not UTF-8 are written as `\xe9`. */
export function spelled(name: Path): string {
  const bytes = Buffer.from(name);
  const text = isUtf8(bytes) ? bytes.toString() : bytes.toString("latin1");
  const special = isUtf8(bytes) ? /[\\\u0000-\u001f\u007f-\u009f]/g : /[\\\u0000-\u001f\u007f-\u00ff]/g;
  return text.replace(special, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
