// A folder with every kind of name that other programs can create but no client path can contain.

import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";

/** `plain` and the NFC form can be addressed, the others cannot; each file holds the bytes of its own name. */
export const STRANGE: readonly Buffer[] = [
  Buffer.from("trail "),
  Buffer.from("dot."),
  Buffer.from("CON.txt"),
  Buffer.from("back\\slash"),
  Buffer.from("new\nline"),
  Buffer.from("caf\u00e9", "latin1"),
  Buffer.from([0xff, 0xfe]),
  Buffer.from("\u00e9t\u00e9".normalize("NFD")),
];
export const ADDRESSABLE: readonly Buffer[] = [Buffer.from("plain"), Buffer.from("\u00e9t\u00e9")];
/** A folder that cannot be addressed, with one file. */
const FOLDER = Buffer.from("d\u00e9p\u00f4t", "latin1");

/** Entries of the folder that cannot be addressed. */
export const UNLISTED = STRANGE.length + 1;

const inside = (folder: string | Buffer, name: Buffer): Buffer =>
  Buffer.concat([Buffer.from(folder), Buffer.from("/"), name]);

/** Creates the folder. */
export async function plantStrange(folder: string): Promise<void> {
  await mkdir(inside(folder, FOLDER), { recursive: true });
  for (const name of [...STRANGE, ...ADDRESSABLE]) await writeFile(inside(folder, name), name);
  await writeFile(inside(inside(folder, FOLDER), FOLDER), FOLDER);
}

/** Every name below a folder, as hexadecimal bytes, with whether the file holds what `plantStrange` wrote. */
export async function strangeIn(folder: string): Promise<string[]> {
  const names = await readdir(folder, "buffer");
  const found = names.map(async (name) => {
    const at = name.equals(FOLDER) ? inside(inside(folder, FOLDER), FOLDER) : inside(folder, name);
    return `${name.toString("hex")} ${(await readFile(at)).equals(name)}`;
  });
  return (await Promise.all(found)).sort();
}
