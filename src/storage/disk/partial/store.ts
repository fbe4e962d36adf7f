// The folder of partial uploads: the bytes of each as ID.data and its metadata as ID.note.

import { type BigIntStats, constants, type Dirent } from "node:fs";
import { basename } from "node:path";
import { type FilePath, folderOf, nameOf, segmentsOf } from "../../../path.ts";
import { uploadNotFound, uploadOpen } from "../../problems.ts";
import type { PartialUpload } from "../../storage.ts";
import { isUploadId, type UploadId } from "../../upload-id.ts";
import { closeDir, type DirHandle, existingForm, openBeneath } from "../at/handle.ts";
import { type Calls, closeQuietly, LARGE_FILE } from "../os/calls.ts";
import { diskProblem, errnoOf, ignoreErrno } from "../os/errno.ts";
import { CREATE_NEW, NEW_MODE, OPEN_EXISTING, READ_EXISTING } from "../os/open-flags.ts";
import { syncDownTo } from "../write/durable.ts";
import type { WriteContext } from "../write/write-scheduler.ts";
import { type Idle, IdleHandles } from "./idle-handles.ts";

const FOLDER = "kept";
// Mode 0700: an upload id is a write capability, so other local users must not see it.
const FOLDER_MODE = 0o700;
const OWNER_BITS = 0o600;
/** Nothing is there, or something the server did not create: a link, a pipe, a folder. */
export const NOT_A_PLAIN_FILE = new Set(["ENOENT", "ELOOP", "ENXIO", "EISDIR"]);

/** Opens the folder, creating it if missing, and finds bytes without metadata and links or other foreign entries. */
export async function openPartialStore(
  calls: Calls,
  reserved: DirHandle,
): Promise<{ folder: DirHandle; orphans: Dirent[] }> {
  try {
    await calls.mkdir(`${reserved.path}/${FOLDER}`, FOLDER_MODE);
    await calls.sync(reserved.fd);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  }
  const folder = await openBeneath(calls, reserved, [FOLDER], null);
  try {
    const entries = await calls.readdir(folder.path);
    const files = new Set(entries.filter((entry) => entry.isFile()).map(({ name }) => name));
    const orphans = entries.filter((entry) => {
      const [id = "", kind, ...rest] = entry.name.split(".");
      const known = isUploadId(id) && (kind === "note" || kind === "data") && rest.length === 0;
      return !(known && files.has(entry.name) && files.has(`${id}.note`)) && !entry.isDirectory();
    });
    return { folder, orphans };
  } catch (error) {
    await closeDir(calls, folder);
    throw error;
  }
}

/** A descriptor for the bytes of a partial upload. */
export interface OpenData {
  fd: number;
  length: number;
  /** Opened with O_APPEND; otherwise the position of the descriptor is at the end. */
  appends: boolean;
}

export class PartialStore {
  readonly #open = new Set<UploadId>();
  /** Synced length of each upload when it was last closed by this process. */
  readonly #synced = new Map<UploadId, number>();
  /** For uploads whose last sync failed: the length that an earlier sync had made durable. */
  readonly #certain = new Map<UploadId, number>();
  readonly idleHandles = new IdleHandles<PartialUpload & Idle>();

  constructor(
    readonly context: WriteContext,
    readonly folder: DirHandle,
  ) {}

  /** Path of the bytes, through the handle: it stays valid if the folder is renamed. */
  dataPath(id: UploadId): string {
    return `${this.folder.path}/${id}.data`;
  }

  sidecarPath(id: UploadId): string {
    return `${this.folder.path}/${id}.note`;
  }

  /** Opens an upload for its single writer, until `release`. @throws Problem storage_failed while it has another writer */
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

  /** Closes an upload opened by `claim`. Never throws. @param synced bytes known to be synced */
  async release(id: UploadId, fd: number, synced = 0): Promise<void> {
    await closeQuietly(this.context.calls, fd);
    if (synced > 0) this.#synced.set(id, synced);
    else this.#synced.delete(id);
    this.#open.delete(id);
  }

  /** Records that a background sync failed: the next `resume` must continue after these bytes. */
  markUncertain(id: UploadId, certain: number): void {
    this.#certain.set(id, certain);
  }

  /** Returns, once, the durable length after a failed sync; undefined when no sync failed. */
  certainLength(id: UploadId): number | undefined {
    const certain = this.#certain.get(id);
    this.#certain.delete(id);
    return certain;
  }

  /** Whether all bytes are synced. False after a restart: a killed server may have left unsynced bytes. */
  synced(id: UploadId, length: number): boolean {
    return length === 0 || this.#synced.get(id) === length;
  }

  /** @throws the system's error, EEXIST when there is such an upload */
  async create(id: UploadId): Promise<OpenData> {
    const fd = await this.context.calls.open(this.dataPath(id), CREATE_NEW, NEW_MODE);
    return { fd, length: 0, appends: false };
  }

  /**
   * Opens the bytes for appending. Bun has no lseek(), so only an O_APPEND descriptor can write after existing bytes. An
   * empty file is opened without it, because copy_file_range() refuses O_APPEND.
   * @returns null when there are none, or when they have a second name: they are then a published file and must not change
   */
  async reopen(id: UploadId): Promise<OpenData | null> {
    const { calls } = this.context;
    let there = await this.lstat(id);
    // A server that was killed while it replaced a file may have left a link in the folder of temporary files.
    if (there && there.nlink > 1n && (await this.#unlinkLeftover(id))) there = await this.lstat(id);
    if (!there || there.nlink > 1n) return null;
    const appends = there.size > 0n;
    const opened = await this.#openData(id, constants.O_WRONLY | (appends ? constants.O_APPEND : 0));
    if (opened && opened.length > 0 === appends) return { ...opened, appends };
    if (opened) await closeQuietly(calls, opened.fd);
    return null;
  }

  /** @returns false when there was none */
  async #unlinkLeftover(id: UploadId): Promise<boolean> {
    const { calls, temporaries } = this.context;
    const unlinked = calls.unlink(`${temporaries.path}/${basename(this.dataPath(id))}`);
    return (await ignoreErrno(NOT_A_PLAIN_FILE, unlinked)) !== null;
  }

  /** Opens the bytes of an upload without a writer to copy them. @throws Problem not_found, storage_failed */
  async openSource(id: UploadId): Promise<{ fd: number; length: number }> {
    await this.idleHandles.close(id);
    if (this.#open.has(id)) throw uploadOpen();
    return await this.openForReading(id);
  }

  /** Opens the bytes for reading while they have a writer. @throws Problem not_found, storage_failed */
  async openForReading(id: UploadId): Promise<{ fd: number; length: number }> {
    const opened = await this.#openData(id, constants.O_RDONLY);
    if (opened) return opened;
    throw uploadNotFound();
  }

  /** The stat of the bytes, `null` when they are missing or not a plain file. */
  async lstat(id: UploadId): Promise<BigIntStats | null> {
    const stat = await ignoreErrno(NOT_A_PLAIN_FILE, this.context.calls.lstat(this.dataPath(id)));
    return stat?.isFile() ? stat : null;
  }

  /** See `Storage.published`. */
  async published(id: UploadId, path: FilePath): Promise<boolean> {
    const { calls, root } = this.context;
    const own = await this.lstat(id);
    if (!own) return false;
    try {
      const folder = await openBeneath(calls, root, segmentsOf(folderOf(path)), null);
      try {
        const name = `${folder.path}/${await existingForm(calls, folder, nameOf(path))}`;
        const there = await calls.lstat(name);
        if (there.ino !== own.ino || there.dev !== own.dev) return false;
        // The crash may have happened before they were synced.
        await syncDownTo(this.context, segmentsOf(folderOf(path)));
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
    const { calls } = this.context;
    const large = (this.#synced.get(id) ?? Number.POSITIVE_INFINITY) >= LARGE_FILE;
    this.#synced.delete(id);
    this.#certain.delete(id);
    const unlink = large ? calls.unlinkLarge : calls.unlink;
    await ignoreErrno(NOT_A_PLAIN_FILE, unlink(this.dataPath(id)));
  }

  async deletePartial(id: UploadId): Promise<void> {
    // Metadata first: if this is interrupted, the next start deletes bytes without metadata.
    await ignoreErrno(NOT_A_PLAIN_FILE, this.context.calls.unlink(this.sidecarPath(id)));
    await this.releaseData(id);
  }

  /** `null` when there are no bytes, or they are already a published file. */
  async #openData(id: UploadId, flags: number): Promise<{ fd: number; length: number } | null> {
    const { calls } = this.context;
    const open = () => calls.open(this.dataPath(id), flags | OPEN_EXISTING);
    const opened = open().catch(async (error: unknown) => {
      if (errnoOf(error) !== "EACCES") throw error;
      await this.#permit(id);
      return await open();
    });
    const fd = await ignoreErrno(NOT_A_PLAIN_FILE, opened);
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

  /**
   * Lets the server write to the bytes again: when they were to replace a file that is read-only, they got its mode, and then
   * could not get its name. Only root writes to such a file all the same. @throws the system's error
   */
  async #permit(id: UploadId): Promise<void> {
    const { calls } = this.context;
    const fd = await calls.open(this.dataPath(id), READ_EXISTING);
    try {
      await calls.chmod(fd, Number(calls.stat(fd).mode & 0o777n) | OWNER_BITS);
    } finally {
      await closeQuietly(calls, fd);
    }
  }
}
