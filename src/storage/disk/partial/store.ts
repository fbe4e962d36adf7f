// The folder of kept uploads: the bytes of each as ID.data, and what it is as ID.note beside them.

import { type BigIntStats, constants } from "node:fs";
import { type FilePath, folderOf, nameOf, segmentsOf } from "../../../path.ts";
import { uploadNotFound, uploadOpen } from "../../problems.ts";
import type { PartialUpload } from "../../storage.ts";
import { isUploadId, type UploadId } from "../../upload-id.ts";
import { closeDir, type DirHandle, existingForm, openBeneath } from "../at/handle.ts";
import { type Calls, closeQuietly } from "../os/calls.ts";
import { diskProblem, errnoOf, ignoreErrno } from "../os/errno.ts";
import { CREATE_NEW, OPEN_EXISTING } from "../os/open-flags.ts";
import type { WriteContext } from "../write/write-scheduler.ts";
import { type Idle, IdleHandles } from "./idle-handles.ts";

const FOLDER = "kept";
// Nobody else of the machine may look at ids: who knows one may write.
const FOLDER_MODE = 0o700;
/** There is no such entry, or one that is none of ours: a link, a pipe, a folder. */
export const NOT_A_PLAIN_FILE = new Set(["ENOENT", "ELOOP", "ENXIO", "EISDIR"]);

/** Opens the folder, makes it if missing, and removes what is not kept: bytes without a note, and what is no file. */
export async function openPartialStore(calls: Calls, reserved: DirHandle): Promise<DirHandle> {
  try {
    await calls.mkdir(`${reserved.path}/${FOLDER}`, FOLDER_MODE);
    await calls.sync(reserved.fd);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  }
  const folder = await openBeneath(calls, reserved, [FOLDER], false);
  try {
    const entries = await calls.readdir(folder.path);
    const files = new Set(entries.filter((entry) => entry.isFile()).map(({ name }) => name));
    for (const entry of entries) {
      const [id = "", kind, ...rest] = entry.name.split(".");
      const known = isUploadId(id) && (kind === "note" || kind === "data") && rest.length === 0;
      if (known && files.has(entry.name) && files.has(`${id}.note`)) continue;
      if (!entry.isDirectory()) await calls.unlink(`${folder.path}/${entry.name}`);
    }
    return folder;
  } catch (error) {
    await closeDir(calls, folder);
    throw error;
  }
}

/** A descriptor for the bytes of a kept upload. */
export interface OpenData {
  fd: number;
  length: number;
  /** Every write goes to the end; otherwise the position is there, and moves along. */
  appends: boolean;
}

export class PartialStore {
  readonly #open = new Set<UploadId>();
  /** Bytes of each upload that were synced when it was let go of, in this run of the server. */
  readonly #synced = new Map<UploadId, number>();
  /** Bytes of those whose last sync failed, that an earlier one had made certain. */
  readonly #certain = new Map<UploadId, number>();
  readonly idleHandles = new IdleHandles<PartialUpload & Idle>();

  constructor(
    readonly context: WriteContext,
    readonly folder: DirHandle,
  ) {}

  /** Where the bytes lie: through the dir, so that it is this folder whatever becomes of its name. */
  dataPath(id: UploadId): string {
    return `${this.folder.path}/${id}.data`;
  }

  sidecarPath(id: UploadId): string {
    return `${this.folder.path}/${id}.note`;
  }

  /** Opens for the one who may write, until `release`. @throws Problem storage_failed while another may */
  async claim<Found extends OpenData | null>(id: UploadId, open: () => Promise<Found>): Promise<Found> {
    if (this.#open.has(id)) throw uploadOpen();
    this.#open.add(id);
    let found: Found | null = null;
    try {
      found = await open();
      return found;
    } catch (error) {
      throw diskProblem(error);
    } finally {
      if (!found) this.#open.delete(id);
    }
  }

  /** Closes what a claim opened. Never throws. @param synced bytes that are known to be on the disk */
  async release(id: UploadId, fd: number, synced = 0): Promise<void> {
    await closeQuietly(this.context.calls, fd);
    if (synced > 0) this.#synced.set(id, synced);
    else this.#synced.delete(id);
    this.#open.delete(id);
  }

  /** A sync failed when nobody waited for it: who goes on does so behind these bytes. */
  markUncertain(id: UploadId, certain: number): void {
    this.#certain.set(id, certain);
  }

  /** How many bytes are certain after a failed sync, said once; undefined when none failed. */
  certainLength(id: UploadId): number | undefined {
    const certain = this.#certain.get(id);
    this.#certain.delete(id);
    return certain;
  }

  /** Whether no byte needs a sync: what a killed server wrote may not be on the disk yet. */
  synced(id: UploadId, length: number): boolean {
    return length === 0 || this.#synced.get(id) === length;
  }

  /** @throws the system's error, EEXIST when there is such an upload */
  async create(id: UploadId): Promise<OpenData> {
    const fd = await this.context.calls.open(this.dataPath(id), CREATE_NEW, 0o666);
    return { fd, length: 0, appends: false };
  }

  /**
   * Opens the bytes to append to them. There is no lseek here, so only an append descriptor gets behind them; of no
   * bytes a plain one does, and only such a one can be copied to by the system.
   * @returns null when there are none; also when they have another name: then they are a file, which must not change
   */
  async reopen(id: UploadId): Promise<OpenData | null> {
    const { calls } = this.context;
    const there = await this.lstat(id);
    if (!there || there.nlink > 1n) return null;
    const appends = there.size > 0n;
    const opened = await this.#openData(id, constants.O_WRONLY | (appends ? constants.O_APPEND : 0));
    if (opened && opened.length > 0 === appends) return { ...opened, appends };
    if (opened) await closeQuietly(calls, opened.fd);
    return null;
  }

  /** Opens the bytes to copy them. @throws Problem not_found, storage_failed */
  async openSource(id: UploadId): Promise<{ fd: number; length: number }> {
    await this.idleHandles.close(id);
    if (this.#open.has(id)) throw uploadOpen();
    return await this.openForReading(id);
  }

  /** Opens the bytes to read them beside the one who may write. @throws Problem not_found, storage_failed */
  async openForReading(id: UploadId): Promise<{ fd: number; length: number }> {
    const opened = await this.#openData(id, constants.O_RDONLY);
    if (opened) return opened;
    throw uploadNotFound();
  }

  /** What lies there, `null` when it is no file. */
  async lstat(id: UploadId): Promise<BigIntStats | null> {
    const stat = await ignoreErrno(NOT_A_PLAIN_FILE, this.context.calls.lstat(this.dataPath(id)));
    return stat?.isFile() ? stat : null;
  }

  /** See `Storage.published`. */
  async published(id: UploadId, path: FilePath): Promise<boolean> {
    const { calls, dirSync, root } = this.context;
    const own = await this.lstat(id);
    if (!own) return false;
    try {
      const folder = await openBeneath(calls, root, segmentsOf(folderOf(path)), false);
      try {
        const name = `${folder.path}/${await existingForm(calls, folder, nameOf(path))}`;
        const there = await calls.lstat(name);
        if (there.ino !== own.ino || there.dev !== own.dev) return false;
        // The crash may have come before the folder was synced.
        await dirSync.sync(folder);
        return true;
      } finally {
        await closeDir(calls, folder);
      }
    } catch (error) {
      const { code } = diskProblem(error);
      if (errnoOf(error) === "ENOENT" || code === "not_a_folder" || code === "link_in_path") return false;
      throw error;
    }
  }

  async releaseData(id: UploadId): Promise<void> {
    await this.idleHandles.close(id);
    this.#synced.delete(id);
    this.#certain.delete(id);
    await ignoreErrno(NOT_A_PLAIN_FILE, this.context.calls.unlink(this.dataPath(id)));
  }

  async deletePartial(id: UploadId): Promise<void> {
    // Without a note what stays of a half forgotten upload goes at the next start.
    await ignoreErrno(NOT_A_PLAIN_FILE, this.context.calls.unlink(this.sidecarPath(id)));
    await this.releaseData(id);
  }

  /** `null` when there are no bytes, or they are a file already. */
  async #openData(id: UploadId, flags: number): Promise<{ fd: number; length: number } | null> {
    const { calls } = this.context;
    const fd = await ignoreErrno(NOT_A_PLAIN_FILE, calls.open(this.dataPath(id), flags | OPEN_EXISTING));
    if (fd === null) return null;
    try {
      const stat = calls.stat(fd);
      if (stat.isFile() && stat.nlink === 1n) return { fd, length: Number(stat.size) };
    } catch (error) {
      await closeQuietly(calls, fd);
      throw error;
    }
    await closeQuietly(calls, fd);
    return null;
  }
}
