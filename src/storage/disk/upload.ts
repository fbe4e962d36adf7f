// One upload on the disk: a temporary file that becomes visible by a link or a rename, whole or not at all.

import { constants } from "node:fs";
import { Problem } from "../../errors.ts";
import { type FilePath, folderOf, nameOf, segmentsOf } from "../../path.ts";
import type { Finished, StorageWork, StoredUpload } from "../storage.ts";
import { type Anchor, descend, nameOnDisk, release } from "./anchor.ts";
import type { Calls } from "./calls.ts";
import { fileEntry } from "./entry.ts";
import type { FolderSync } from "./folder-sync.ts";
import type { Pressure } from "./pressure.ts";
import { diskProblem, errnoOf } from "./problems.ts";
import { DiskWriter } from "./writer.ts";

const OPEN_NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
/** How often a vanished folder is made again. */
const ATTEMPTS = 3;

/** What all uploads of one disk share. `temporaries` is on the file system of the root. */
export interface Workshop {
  calls: Calls;
  root: Anchor;
  temporaries: Anchor;
  pressure: Pressure;
  folders: FolderSync;
  /** Bytes of the longest path that the system takes together with the root's: a longer one could not be read again. */
  longest: number;
}

/** What a file system without hard links says to `link`. */
const WITHOUT_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

export class DiskUpload implements StoredUpload {
  readonly #writer: DiskWriter;
  #finishing: Promise<Finished> | undefined;
  #discarding: Promise<void> | undefined;
  #published = false;
  #synced = false;
  #publishWaited = 0;

  private constructor(
    readonly shop: Workshop,
    readonly temporary: string,
    readonly fd: number,
  ) {
    this.#writer = new DiskWriter(fd, shop.calls, shop.pressure);
  }

  /** @throws Problem */
  static async begin(shop: Workshop, target: FilePath): Promise<DiskUpload> {
    proveLength(target, shop.longest);
    const temporary = `${shop.temporaries.path}/${crypto.randomUUID()}`;
    let fd: number | undefined;
    try {
      fd = await shop.calls.open(temporary, OPEN_NEW, 0o666);
      return new DiskUpload(shop, temporary, fd);
    } catch (error) {
      if (fd !== undefined) await throwAway(shop.calls, fd, temporary);
      throw diskProblem(error);
    }
  }

  get saved(): number {
    return this.#writer.saved;
  }

  get work(): StorageWork {
    const { diskWaited, diskBusy, syncWaited, syncBusy } = this.#writer.work;
    const publish = this.#publishWaited;
    return { diskWaited, diskBusy, syncWaited: syncWaited + publish, syncBusy: syncBusy + publish };
  }

  append(chunk: Uint8Array<ArrayBuffer>): Promise<void> | undefined {
    return this.#writer.append(chunk);
  }

  finish(path: FilePath, options: { replace: boolean }): Promise<Finished> {
    this.#finishing = this.#finish(path, options.replace);
    return this.#finishing;
  }

  discard(): Promise<void> {
    this.#discarding ??= this.#discard();
    return this.#discarding;
  }

  async #discard(): Promise<void> {
    if (this.#published) return;
    await this.#writer.stop();
    await this.#finishing?.catch(() => {
      // Whoever called finish knows.
    });
    // A name that was being given when the discard came is given: it must not be half taken back.
    if (!this.#published) await throwAway(this.shop.calls, this.fd, this.temporary);
  }

  async #finish(path: FilePath, replace: boolean): Promise<Finished> {
    if (!this.#synced) await this.#writer.finish();
    this.#synced = true;
    const start = performance.now();
    try {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await this.#publish(path, replace);
        } catch (error) {
          // A folder that was removed between looking and naming is made again; a root that is gone stays gone.
          if (errnoOf(error) !== "ENOENT" || attempt === ATTEMPTS) throw error;
        }
      }
    } catch (error) {
      throw diskProblem(error);
    } finally {
      this.#publishWaited += (performance.now() - start) / 1000;
    }
  }

  async #publish(path: FilePath, replace: boolean): Promise<Finished> {
    const { calls, folders, root, longest } = this.shop;
    proveLength(path, longest);
    const folder = await descend(calls, root, segmentsOf(folderOf(path)), true);
    try {
      const name = `${folder.path}/${await nameOnDisk(calls, folder, nameOf(path))}`;
      const entry = fileEntry(path, calls.stat(this.fd));
      if (this.#discarding) throw new Problem("storage_failed", "The upload was ended.");
      const replaced = await this.#giveName(name, replace);
      try {
        await folders.sync(folder);
      } catch (error) {
        if (!replaced) await this.#takeNameBack(name);
        throw error;
      }
      this.#published = true;
      await throwAway(calls, this.fd, this.temporary);
      return { entry, replaced };
    } finally {
      await release(calls, folder);
    }
  }

  /** @returns true when a file was replaced */
  async #giveName(name: string, replace: boolean): Promise<boolean> {
    const { calls } = this.shop;
    try {
      await calls.link(this.temporary, name);
      return false;
    } catch (error) {
      const errno = errnoOf(error) ?? "";
      if (WITHOUT_LINKS.has(errno))
        throw new Problem(
          "storage_read_only",
          "The file system of the root refuses hard links, by which a file gets its name. FAT and exFAT have none.",
          { cause: error },
        );
      if (errno !== "EEXIST") throw error;
    }
    if (!replace) throw new Problem("name_taken", "An entry with this name exists.");
    const taken = await calls.lstat(name).catch((error: unknown) => {
      if (errnoOf(error) === "ENOENT") return null;
      throw error;
    });
    if (taken?.isDirectory()) throw new Problem("is_folder", "A folder has this name.");
    if (taken?.isSymbolicLink())
      throw new Problem("link_in_path", "A link has this name; nothing is replaced through links.");
    if (taken && !taken.isFile())
      throw new Problem("name_taken", "Something that is neither file nor folder has this name.");
    await calls.rename(this.temporary, name);
    return taken !== null;
  }

  /** A name that may not survive a power cut is not given at all. */
  async #takeNameBack(name: string): Promise<void> {
    const { calls } = this.shop;
    try {
      const [own, there] = [calls.stat(this.fd), await calls.lstat(name)];
      if (own.ino === there.ino && own.dev === there.dev) await calls.unlink(name);
    } catch {
      // The disk fails already, and the caller is told why.
    }
  }
}

function proveLength(path: FilePath, longest: number): void {
  if (Buffer.byteLength(path) <= longest) return;
  const detail = "The path is too long where this root is: shorten it, or move it up some folders.";
  throw new Problem("invalid_path", detail, {
    errors: [{ code: "path_too_long", pointer: "/path", detail }],
  });
}

/** Ends a temporary file: what is worth keeping of it has another name. Never throws. */
export async function throwAway(calls: Calls, fd: number, temporary: string): Promise<void> {
  await calls.close(fd).catch(() => {
    // Everything was synced before, or is not wanted.
  });
  await calls.unlink(temporary).catch(() => {
    // Gone with the root, or renamed; what stays is removed at the next start.
  });
}
