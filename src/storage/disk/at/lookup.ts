// Resolves paths below the root: follows links whose target is inside, and hides links that lead out.

import type { BigIntStats } from "node:fs";
import { Problem } from "../../../errors.ts";
import { checkFolderPath, type FilePath, type FolderPath, RESERVED, segmentsOf } from "../../../path.ts";
import type { Entry, FileEntry } from "../../entry.ts";
import { folderNotFound, notReadable, notWritable, rootGone } from "../../problems.ts";
import type { StoredFile } from "../../stored-file.ts";
import type { Calls } from "../os/calls.ts";
import { entryOf, fileEntry } from "../os/entry.ts";
import { diskProblem, errnoOf, isDenied } from "../os/errno.ts";
import {
  INVISIBLE,
  isForeign,
  mayChange,
  nullIfDenied,
  nullIfInvisible,
  orNotReadable,
  refuseUnsearchable,
} from "./denied.ts";
import {
  closeDir,
  currentPath,
  type DirHandle,
  type OpenFolder,
  openDir,
  openPath,
  reopenFile,
} from "./handle.ts";
import { withTarget } from "./link-target.ts";
import { openFound, storedFile } from "./stored-file.ts";

// How often to retry when a link target or a file is replaced between lookup and open.
const ATTEMPTS = 5;

/** The real path of an entry, and its stat. */
interface Found {
  real: string;
  stat: BigIntStats;
  /** The last segment of the path is a link to it. */
  link?: true;
}

export class PathLookup {
  /**
   * @param root the real path of the root, without links
   * @param identity inode of the root at startup
   */
  constructor(
    readonly calls: Calls,
    readonly root: string,
    readonly identity: Pick<BigIntStats, "dev" | "ino">,
  ) {}

  async find(path: FilePath | FolderPath): Promise<Entry | null> {
    const found = await this.#find(path);
    return found && withTarget(this.root, path, found.real, entryOf(path, found.stat));
  }

  async probe(path: FilePath): Promise<Entry | null> {
    const segments = segmentsOf(path);
    let folder = this.root;
    let foreign = false;
    for (const [index, segment] of segments.entries()) {
      const above = segments.slice(0, index).join("/");
      const inside = above === "" ? segment : `${above}/${segment}`;
      const there = await orNotReadable(above, this.#unfollowed(folder, segment));
      const isLast = index === segments.length - 1;
      // Only a folder of somebody else costs a call, and never the root, which the start has checked.
      if (foreign && (there === null || isLast) && !(await mayChange(this.calls, folder)))
        throw notWritable(above);
      if (there === null) return null;
      if (there.stat.isSymbolicLink())
        throw new Problem("link_in_path", `\`${inside}\` is a link; nothing is written through links.`);
      if (isLast) return entryOf(path, there.stat);
      if (!there.stat.isDirectory())
        throw new Problem("not_a_folder", `\`${inside}\` is a file, not a folder.`);
      if (there.stat.dev !== this.identity.dev)
        throw new Problem("other_file_system", `\`${inside}\` is on another file system than the root.`);
      folder = there.real;
      foreign = isForeign(there.stat);
    }
    return null;
  }

  async open(path: FilePath): Promise<StoredFile> {
    const found = await this.#openDirectly(path);
    if (found) return found;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const found = await this.#find(path);
      if (!found) break;
      if (found.stat.isDirectory()) throw new Problem("is_folder", "This is a folder.");
      if (!found.stat.isFile()) break;
      const dir = await openFound(this.calls, path, found.real);
      if (!dir) continue;
      const entry = await this.#opened(path, dir);
      if (entry) return storedFile(this.calls, entry, dir);
      await closeDir(this.calls, dir);
    }
    throw new Problem("not_found", "There is no such file.");
  }

  /**
   * Fast path that needs a single call on the thread pool: opens the path with O_PATH and checks where the descriptor
   * really is. `null` when the segments have to be resolved one by one.
   */
  async #openDirectly(path: FilePath): Promise<StoredFile | null> {
    const handle = await nullIfDenied(nullIfInvisible(openPath(this.calls, this.#below(path))));
    if (!handle) return null;
    try {
      const isRoot = this.#isRoot(this.calls.folderAt(this.root));
      const real = this.calls.pathOf(handle.fd);
      if (!isRoot || !this.#inside(real)) return null;
      const entry = withTarget(this.root, path, real, entryOf(path, this.calls.stat(handle.fd)));
      if (entry?.kind === "folder") throw new Problem("is_folder", "This is a folder.");
      return entry && storedFile(this.calls, entry, reopenFile(this.calls, handle));
    } catch (error) {
      if (isDenied(error)) throw notReadable(path, error);
      if (INVISIBLE.has(errnoOf(error) ?? "")) return null;
      throw diskProblem(error);
    } finally {
      this.calls.drop(handle.fd);
    }
  }

  /**
   * Opens a folder for reading; the caller must close `dir`.
   * @throws Problem not_found, not_a_folder, no_access
   */
  async openFolder(folder: FolderPath): Promise<OpenFolder> {
    const found = await this.#find(folder);
    if (!found) throw folderNotFound();
    if (!found.stat.isDirectory()) throw new Problem("not_a_folder", "This is a file.");
    const dir = await orNotReadable(folder, nullIfInvisible(openDir(this.calls, found.real)));
    if (!dir) throw folderNotFound();
    return await this.#checked({ folder, real: found.real, dir });
  }

  /**
   * Opens a folder in an open one without following a link; the caller must close `dir`.
   * @param name on the disk
   * @param path its path for clients
   * @throws Problem not_found, no_access
   */
  async openBelow(parent: OpenFolder, name: string, path: FilePath): Promise<OpenFolder> {
    const dir = await orNotReadable(path, nullIfInvisible(openDir(this.calls, `${parent.dir.path}/${name}`)));
    if (!dir) throw folderNotFound();
    const real = `${parent.real === "/" ? "" : parent.real}/${name}`;
    return await this.#checked({ folder: checkFolderPath(path), real, dir });
  }

  /** Closes the folder unless it may be read. */
  async #checked(opened: OpenFolder): Promise<OpenFolder> {
    const { folder, dir } = opened;
    try {
      // Without permission to search the folder, its names could be read and nothing else.
      await orNotReadable(folder, this.#lstat(`${dir.path}/.`));
      const path = await nullIfInvisible(currentPath(this.calls, dir));
      // A folder above it may have been replaced by a link since it was resolved.
      if (path === null || !this.#inside(path)) throw folderNotFound();
      return opened;
    } catch (error) {
      await closeDir(this.calls, dir);
      throw error;
    }
  }

  /**
   * The entry with this name in an open folder, `null` when clients must not see it.
   * @param path its path for clients
   * @throws Problem no_access
   */
  async entryIn({ real, dir }: OpenFolder, name: string, path: FilePath): Promise<Entry | null> {
    const child = await this.#child(real, name, dir);
    // Files are the common case: `path` is already checked, so `entryOf` is not needed.
    const entry = child?.stat.isFile() ? fileEntry(path, child.stat) : child && entryOf(path, child.stat);
    if (!entry || !child?.link) return entry;
    entry.link = true;
    return withTarget(this.root, path, child.real, entry);
  }

  /** @throws Problem storage_gone when the root is no longer the folder it was at startup */
  assertRoot(): void {
    try {
      if (this.#isRoot(this.calls.folderAt(this.root))) return;
    } catch (error) {
      if (!INVISIBLE.has(errnoOf(error) ?? "")) throw diskProblem(error);
    }
    throw rootGone();
  }

  #isRoot(there: BigIntStats): boolean {
    return there.ino === this.identity.ino && there.dev === this.identity.dev;
  }

  /** The entry of an open file, `null` when it is no file or outside the root: a parent may have become a link. */
  async #opened(path: FilePath, dir: DirHandle): Promise<FileEntry | null> {
    try {
      const entry = entryOf(path, this.calls.stat(dir.fd));
      const real = await currentPath(this.calls, dir);
      this.assertRoot();
      if (!this.#inside(real) || entry?.kind !== "file") return null;
      return withTarget(this.root, path, real, entry);
    } catch (error) {
      await closeDir(this.calls, dir);
      throw diskProblem(error);
    }
  }

  /** Resolves a path, `null` when clients must not see the entry. @throws Problem no_access */
  async #find(path: FilePath | FolderPath): Promise<Found | null> {
    try {
      const found = (await this.#findExact(path)) ?? (await this.#findOtherForm(path));
      if (found === null) this.assertRoot();
      return found;
    } catch (error) {
      if (!isDenied(error)) throw error;
      await refuseUnsearchable(path, (inside) => this.#lstat(this.#below(inside)));
      return null;
    }
  }

  async #findExact(path: FilePath | FolderPath): Promise<Found | null> {
    const segments = segmentsOf(path);
    const name = segments.pop();
    if (name === undefined) return await this.#resolve(this.root);
    const folder = await this.#real(this.#below(segments.join("/")));
    return folder === null ? null : await this.#child(folder, name);
  }

  /** Calls realpath() for links only: it can fail with ENOENT for a file that rename() is replacing at that moment. */
  async #child(folder: string, name: string, dir?: DirHandle): Promise<Found | null> {
    const path = `${folder === "/" ? "" : folder}/${name}`;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const stat = await this.#lstat(dir ? `${dir.path}/${name}` : path);
      if (stat === null || !stat.isSymbolicLink())
        return this.#inside(path) && stat ? { real: path, stat } : null;
      const found = await nullIfDenied(this.#resolve(path));
      if (found) return { ...found, link: true };
    }
    return null;
  }

  async #resolve(path: string): Promise<Found | null> {
    const real = await this.#real(path);
    const stat = real === null ? null : await this.#lstat(real);
    return real !== null && stat ? { real, stat } : null;
  }

  /** The real path, `null` when nothing is there or it is outside the root. */
  async #real(path: string): Promise<string | null> {
    const real = await nullIfInvisible(this.calls.realpath(path));
    return real !== null && this.#inside(real) ? real : null;
  }

  /** The entry a write would find, see `existingForm`. */
  async #unfollowed(folder: string, segment: string): Promise<Found | null> {
    for (const form of new Set([segment, segment.normalize("NFD")])) {
      const stat = await this.#lstat(`${folder}/${form}`);
      if (stat) return { real: `${folder}/${form}`, stat };
    }
    return null;
  }

  /** Finds names that another program stored in a Unicode form other than NFC by their NFC form. */
  async #findOtherForm(path: FilePath | FolderPath): Promise<Found | null> {
    if (!/[^\0-\x7f]/.test(path)) return null;
    let at: Found | null = await this.#resolve(this.root);
    for (const segment of segmentsOf(path)) {
      if (!at) return null;
      const real: string = at.real;
      at = await this.#child(real, segment);
      if (at || !/[^\0-\x7f]/.test(segment)) continue;
      const names = await nullIfInvisible(this.calls.readdir(real));
      const match = names?.find(({ name }) => name.normalize("NFC") === segment);
      at = match ? await this.#child(real, match.name) : null;
    }
    return at;
  }

  #below(path: string): string {
    if (path === "") return this.root;
    return this.root === "/" ? `/${path}` : `${this.root}/${path}`;
  }

  #inside(real: string): boolean {
    if (real === this.root) return true;
    const slash = this.root === "/" ? 0 : this.root.length;
    if (!real.startsWith(this.root) || real[slash] !== "/") return false;
    return !real.includes(`/${RESERVED}`, slash) || !`${real}/`.includes(`/${RESERVED}/`, slash);
  }

  async #lstat(path: string): Promise<BigIntStats | null> {
    return await nullIfInvisible(this.calls.lstat(path));
  }
}
