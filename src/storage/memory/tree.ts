// The folder tree of a storage in memory: lookup, creation, moves and deletion.

import { Problem } from "../../errors.ts";
import {
  checkFilePath,
  checkFolderPath,
  checkReach,
  type FilePath,
  type FolderPath,
  folderOf,
  isWithin,
  type Reach,
  ROOT,
  segmentsOf,
} from "../../path.ts";
import type { Entry, FileEntry, FolderEntry, Moved } from "../entry.ts";
import { entryNotFound, folderNotFound, nameTaken } from "../problems.ts";
import type { MemoryContents, MemoryFile } from "./contents.ts";

/** The entry under a path, or null. */
export function entryAt({ files, folders }: MemoryContents, path: string): Entry | null {
  const modified = folders.get(path);
  if (modified) return { kind: "folder", path: checkFolderPath(path), modified };
  return files.get(path)?.entry ?? null;
}

/** The entries of a folder, in no particular order. @throws Problem not_found, not_a_folder */
export function entriesIn(contents: MemoryContents, folder: FolderPath): Entry[] {
  const { files, folders } = contents;
  if (files.has(folder)) throw new Problem("not_a_folder", "This is a file.");
  if (!folders.has(folder)) throw folderNotFound();
  const prefix = folder === ROOT ? "" : `${folder}/`;
  return [...folders.keys(), ...files.keys()].flatMap((path) => {
    const name = path.slice(prefix.length);
    const isChild = path.startsWith(prefix) && name !== "" && !name.includes("/");
    return (isChild && entryAt(contents, path)) || [];
  });
}

/** @throws Problem is_folder, not_found */
export function fileAt({ files, folders }: MemoryContents, path: FilePath): MemoryFile {
  if (folders.has(path)) throw new Problem("is_folder", "This is a folder.");
  const file = files.get(path);
  if (!file) throw new Problem("not_found", "There is no such file.");
  return file;
}

/** @throws Problem not_a_folder when a segment above the path is a file */
export function assertFolders({ files }: MemoryContents, path: FilePath): void {
  for (const folder of foldersOf(path))
    if (files.has(folder)) throw new Problem("not_a_folder", "A folder of the path is a file.");
}

/** Creates missing parents. */
export function makeFolders({ folders }: MemoryContents, path: FilePath, modified: Date): void {
  for (const folder of foldersOf(path)) if (!folders.has(folder)) folders.set(folder, modified);
}

/** See `Storage.makeFolder`. */
export function makeFolder(contents: MemoryContents, path: FilePath): FolderEntry {
  assertFolders(contents, path);
  if (entryAt(contents, path)) throw nameTaken();
  const modified = new Date();
  makeFolders(contents, path, modified);
  contents.folders.set(path, modified);
  return { kind: "folder", path: checkFolderPath(path), modified };
}

/** See `Storage.move`. `freed`: bytes of the file that was replaced. */
export function move(
  contents: MemoryContents,
  from: FilePath,
  to: FilePath,
  replace: boolean,
): Moved & { freed: number } {
  if (from === to) throw new Problem("into_itself", "It has this name already.");
  const source = assertExists(contents, from);
  if (source.kind === "folder" && to.startsWith(`${from}/`))
    throw new Problem("into_itself", "A folder cannot go into itself.");
  checkReach(to, reachOf(contents, from));
  const taken = assertNameFree(contents, source, to, replace);
  transfer(contents, from, contents, to);
  return { entry: assertExists(contents, to), replaced: taken !== null, freed: taken?.size ?? 0 };
}

/** Checks that the name may be taken, and creates missing parents. @returns the file to be replaced */
export function assertNameFree(
  contents: MemoryContents,
  source: Entry,
  to: FilePath,
  replace: boolean,
): FileEntry | null {
  assertFolders(contents, to);
  const taken = entryAt(contents, to);
  if (taken && (!replace || source.kind === "folder")) throw nameTaken();
  if (taken?.kind === "folder") throw new Problem("is_folder", "A folder has this name.");
  makeFolders(contents, to, new Date());
  return taken;
}

/** How far the paths below an entry reach. */
export function reachOf({ files, folders }: MemoryContents, path: FilePath): Reach {
  const reach = { segments: 0, bytes: 0 };
  for (const at of [...files.keys(), ...folders.keys()])
    if (isWithin(at, path) && at !== path) {
      const below = at.slice(path.length + 1);
      reach.segments = Math.max(reach.segments, below.split("/").length);
      reach.bytes = Math.max(reach.bytes, Buffer.byteLength(below) + 1);
    }
  return reach;
}

/** Moves an entry and everything below it, possibly into other contents. */
export function transfer(from: MemoryContents, path: FilePath, to: MemoryContents, target: FilePath): void {
  for (const [at, file] of [...from.files])
    if (isWithin(at, path)) {
      const renamed = checkFilePath(target + at.slice(path.length));
      from.files.delete(at);
      to.files.set(renamed, { ...file, entry: { ...file.entry, path: renamed } });
    }
  for (const [at, modified] of [...from.folders])
    if (isWithin(at, path)) {
      from.folders.delete(at);
      to.folders.set(target + at.slice(path.length), modified);
    }
}

/** See `Storage.remove`. @returns freed bytes */
export function remove(contents: MemoryContents, path: FilePath, recursive: boolean): number {
  if (!recursive) fileAt(contents, path);
  assertExists(contents, path);
  let freed = 0;
  for (const [at, { entry }] of [...contents.files])
    if (isWithin(at, path)) {
      contents.files.delete(at);
      freed += entry.size;
    }
  for (const at of [...contents.folders.keys()]) if (isWithin(at, path)) contents.folders.delete(at);
  return freed;
}

export function assertExists(contents: MemoryContents, path: FilePath): Entry {
  const entry = entryAt(contents, path);
  if (!entry) throw entryNotFound();
  return entry;
}

/** All parents of a path, starting with the root. */
function foldersOf(path: FilePath): FolderPath[] {
  const segments = segmentsOf(folderOf(path));
  return [ROOT, ...segments.map((_, index) => checkFolderPath(segments.slice(0, index + 1).join("/")))];
}

/** See `Storage.setModified`. @throws Problem not_found */
export function setModified(contents: MemoryContents, path: FilePath, modified: Date): Entry {
  const { files, folders } = contents;
  const file = files.get(path);
  if (file) {
    contents.changes += 1;
    file.entry = { ...file.entry, modified, etag: `"${contents.changes}"` };
    return file.entry;
  }
  if (!folders.has(path)) throw entryNotFound();
  folders.set(path, modified);
  return { kind: "folder", path: checkFolderPath(path), modified };
}
