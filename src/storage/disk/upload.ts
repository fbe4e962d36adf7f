// One upload on the disk: a temporary file that becomes visible by a link or a rename, whole or not at all.

import { constants } from "node:fs";
import { Problem } from "../../errors.ts";
import { type FilePath, folderOf, nameOf, segmentsOf } from "../../path.ts";
import type { Finished, StorageWork, StoredUpload } from "../storage.ts";
import { type Anchor, descend } from "./anchor.ts";
import type { Calls } from "./calls.ts";
import { fileEntry } from "./entry.ts";
import type { FolderSync } from "./folder-sync.ts";
import type { Pressure } from "./pressure.ts";
import { diskProblem, errnoOf } from "./problems.ts";
import { DiskWriter } from "./writer.ts";

const OPEN_NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** What all uploads of one disk share. `temporaries` is on the file system of the root. */
export interface Workshop {
  calls: Calls;
  root: Anchor;
  temporaries: Anchor;
  pressure: Pressure;
  folders: FolderSync;
}

export class DiskUpload implements StoredUpload {
  readonly #writer: DiskWriter;
  #open = true;
  #ended = false;
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
  static async begin(shop: Workshop): Promise<DiskUpload> {
    const temporary = `${shop.temporaries.path}/${crypto.randomUUID()}`;
    try {
      return new DiskUpload(shop, temporary, await shop.calls.open(temporary, OPEN_NEW, 0o666));
    } catch (error) {
      if (errnoOf(error) === "ENOENT")
        throw new Problem("storage_gone", "The root of the server was removed.", { cause: error });
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

  async finish(path: FilePath, options: { replace: boolean }): Promise<Finished> {
    if (!this.#synced) {
      await this.#writer.finish();
      this.#synced = true;
    }
    const start = performance.now();
    try {
      const folder = await this.#folderFor(path);
      try {
        const replaced = await this.#publish(`${folder.path}/${nameOf(path)}`, options.replace);
        const entry = fileEntry(path, this.shop.calls.stat(this.fd));
        await this.shop.folders.sync(folder);
        this.#ended = true;
        await this.#close();
        return { entry, replaced };
      } finally {
        await this.shop.calls.close(folder.fd);
      }
    } catch (error) {
      throw diskProblem(error);
    } finally {
      this.#publishWaited += (performance.now() - start) / 1000;
    }
  }

  async discard(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#writer.stop();
    await this.#close();
    try {
      await this.shop.calls.unlink(this.temporary);
    } catch {
      // Gone with the root, or already published: there is nothing left to remove.
    }
  }

  async #folderFor(path: FilePath): Promise<Anchor> {
    try {
      return await descend(this.shop.calls, this.shop.root, segmentsOf(folderOf(path)), true);
    } catch (error) {
      if (errnoOf(error) === "ENOENT")
        throw new Problem("storage_gone", "The folder was removed while the file arrived.", { cause: error });
      throw error;
    }
  }

  /** @returns true when a file was replaced */
  async #publish(name: string, replace: boolean): Promise<boolean> {
    const { calls } = this.shop;
    try {
      await calls.link(this.temporary, name);
      await calls.unlink(this.temporary);
      return false;
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
    }
    if (!replace) throw new Problem("name_taken", "An entry with this name exists.");
    const taken = await calls.lstat(name).catch((error: unknown) => {
      if (errnoOf(error) === "ENOENT") return null;
      throw error;
    });
    if (taken?.isDirectory()) throw new Problem("is_folder", "A folder has this name.");
    if (taken?.isSymbolicLink())
      throw new Problem("link_in_path", "A link has this name; nothing is replaced through links.");
    await calls.rename(this.temporary, name);
    return taken !== null;
  }

  async #close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.shop.calls.close(this.fd);
  }
}
