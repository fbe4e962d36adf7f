// Reading below the root: links that stay inside are followed, links that lead out do not exist.

import type { BigIntStats } from "node:fs";
import { Problem } from "../../errors.ts";
import {
  checkFilePath,
  checkFolderPath,
  type FilePath,
  type FolderPath,
  RESERVED,
  segmentsOf,
} from "../../path.ts";
import type { Entry, StoredFile } from "../storage.ts";
import type { Calls } from "./calls.ts";
import { fileEntry, folderEntry } from "./entry.ts";
import { diskProblem, errnoOf } from "./problems.ts";

// Entries looked at together: enough to keep the thread pool busy.
const TOGETHER = 32;
// A name that is not there, or that a link hides: for a client all of them are nothing.
const ABSENT = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"]);

export class Reader {
  /** @param root the real path of the root: no link in it */
  constructor(
    readonly calls: Calls,
    readonly root: string,
  ) {}

  async find(path: FilePath | FolderPath): Promise<Entry | null> {
    const found = await this.#look(path);
    return found === null ? null : describe(path, found.stat);
  }

  async probe(path: FilePath): Promise<Entry | null> {
    const segments = segmentsOf(path);
    let at = this.root;
    for (const [index, segment] of segments.entries()) {
      at = `${at}/${segment}`;
      const stat = await this.#lstat(at);
      if (stat === null) return null;
      if (stat.isSymbolicLink())
        throw new Problem(
          "link_in_path",
          "A segment of the path is a link; nothing is written through links.",
        );
      if (index === segments.length - 1) return describe(path, stat);
      if (!stat.isDirectory()) throw new Problem("not_a_folder", "A folder of the path is a file.");
    }
    return null;
  }

  async open(path: FilePath): Promise<StoredFile> {
    const found = await this.#look(path);
    const entry = found && describe(path, found.stat);
    if (!found || !entry) throw new Problem("not_found", "There is no such file.");
    if (entry.kind === "folder") throw new Problem("is_folder", "This is a folder.");
    return { entry, body: Bun.file(found.real) };
  }

  async list(folder: FolderPath): Promise<Entry[]> {
    const found = await this.#look(folder);
    if (!found) throw new Problem("not_found", "There is no such folder.");
    if (!found.stat.isDirectory()) throw new Problem("not_a_folder", "This is a file.");
    const names = await this.#names(found.real);
    const entries: Entry[] = [];
    for (let at = 0; at < names.length; at += TOGETHER) {
      const some = names.slice(at, at + TOGETHER).map((name) => this.#child(folder, name));
      for (const entry of await Promise.all(some)) if (entry) entries.push(entry);
    }
    return entries;
  }

  async #names(real: string): Promise<string[]> {
    try {
      return (await this.calls.readdir(real)).map((entry) => entry.name);
    } catch (error) {
      throw diskProblem(error);
    }
  }

  /** An entry whose name no client could ask for (a backslash, a device name, broken UTF-8) is not shown. */
  async #child(folder: FolderPath, name: string): Promise<Entry | null> {
    let path: FilePath | FolderPath;
    try {
      path = checkFilePath(folder === "" ? name : `${folder}/${name}`);
    } catch {
      return null;
    }
    return await this.find(path);
  }

  /** The real place of a path and what is there; `null` when there is nothing for clients. */
  async #look(path: FilePath | FolderPath): Promise<{ real: string; stat: BigIntStats } | null> {
    const real = (await this.#real(path)) ?? (await this.#realOfOtherForm(path));
    if (real === null || !this.#inside(real)) return null;
    const stat = await this.#lstat(real);
    return stat === null ? null : { real, stat };
  }

  async #real(path: string): Promise<string | null> {
    return await absentIsNull(this.calls.realpath(path === "" ? this.root : `${this.root}/${path}`));
  }

  /** Names that another program wrote in another Unicode form than NFC are found under their NFC form. */
  async #realOfOtherForm(path: string): Promise<string | null> {
    if (!/[^\0-\x7f]/.test(path)) return null;
    let at = this.root;
    for (const segment of path.split("/")) {
      const names = await absentIsNull(this.calls.readdir(at));
      const match =
        names?.find((entry) => entry.name === segment) ??
        names?.find((entry) => entry.name.normalize("NFC") === segment);
      if (!match) return null;
      at = `${at}/${match.name}`;
    }
    return await absentIsNull(this.calls.realpath(at));
  }

  #inside(real: string): boolean {
    const own = `${this.root}/${RESERVED}`;
    if (real === own || real.startsWith(`${own}/`)) return false;
    return real === this.root || real.startsWith(this.root === "/" ? "/" : `${this.root}/`);
  }

  async #lstat(path: string): Promise<BigIntStats | null> {
    return await absentIsNull(this.calls.lstat(path));
  }
}

async function absentIsNull<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (ABSENT.has(errnoOf(error) ?? "")) return null;
    throw diskProblem(error);
  }
}

/** Devices, sockets and pipes do not exist for clients: reading one could block for ever. */
function describe(path: FilePath | FolderPath, stat: BigIntStats): Entry | null {
  if (stat.isDirectory()) return folderEntry(checkFolderPath(path), stat);
  return stat.isFile() ? fileEntry(checkFilePath(path), stat) : null;
}
