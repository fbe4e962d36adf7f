// The contract of a storage: what the engine asks of a disk, a bucket or memory, and what each must promise.

import type { FilePath, FolderPath } from "../path.ts";

/**
 * # How a file comes into being
 *
 * ```
 * begin ──► append* ──► finish ──► the file has its name      (saved)
 *              │           └─ name_taken: finish again with another name
 *              └──► discard                                    (nothing was there, nothing is there)
 * ```
 *
 * **What every storage promises**
 * 1. Until `finish` resolves no reader can see a byte of an upload: not in a listing, not by its name, not in part.
 * 2. When `finish` resolves, the bytes *and the name* survive a power cut.
 * 3. `finish` with `replace: false` never replaces anything, also when two uploads finish at the same instant.
 *    With `replace: true` readers see the old file or the new one, whole, and nothing between them.
 * 4. Nothing is ever read, written or removed outside the root, whatever links lie in it and whoever changes them
 *    meanwhile. Nothing is written or removed through a link.
 * 5. After a crash, what was begun and not finished is removed at the next start, or kept as resumable; it never
 *    appears as a file.
 * 6. Memory is bounded: `append` answers with a promise when the storage has enough, and the caller waits for it.
 *
 * **Errors.** Every method throws a `Problem` and nothing else: `storage_full` (no space, quota), `storage_read_only`,
 * `storage_gone` (the root vanished), `out_of_files`, `storage_failed` (anything else of the platform, as `cause`),
 * and those its comment names. After an error an upload is only good for `discard`; other uploads go on.
 *
 * **Who validates.** Paths arrive checked (`FilePath`); rules about grants, sizes and preconditions are the engine's.
 */
export interface Storage {
  /**
   * Opens a new upload. Nothing of it is visible. `target` is where it is meant to go (a bucket needs to know);
   * the name is only taken by `finish`.
   */
  begin(target: FilePath): Promise<StoredUpload>;

  /**
   * What stands under a path, or `null`. Links that stay below the root are followed, others do not exist.
   * A folder is found under its path with kind "folder"; the root always exists.
   */
  find(path: FilePath | FolderPath): Promise<Entry | null>;

  /**
   * Says why nothing could be written under this path: `not_a_folder` when a segment above is a file, `link_in_path`
   * when one, or the entry itself, is a link. Missing folders are no reason: `finish` makes them.
   * Only a courtesy for early answers: `finish` checks again, safely.
   * @returns the entry that has the name now
   */
  probe(path: FilePath): Promise<Entry | null>;

  /** Opens a file for reading. The caller closes it. @throws Problem not_found, is_folder */
  open(path: FilePath): Promise<StoredFile>;

  /** Everything in a folder, in no order. @throws Problem not_found, not_a_folder */
  list(folder: FolderPath): Promise<Entry[]>;

  /** Removes one file for good. @throws Problem not_found, is_folder, link_in_path */
  remove(path: FilePath): Promise<void>;

  /** Free and total bytes as they are now; `Infinity` where there is no such limit. */
  space(): Promise<Space>;

  /** Proves that something can be written now. @throws Problem storage_read_only, storage_full, storage_gone, … */
  check(): Promise<void>;

  /** Lets go of the root. Uploads that still run are discarded first by whoever runs them. */
  close(): Promise<void>;
}

/** A file that is not finished yet. Calls on one upload do not overlap, except `discard`, which ends any other. */
export interface StoredUpload {
  /**
   * Takes the next bytes, copying what it keeps: the chunk is the caller's again when `append` has returned, or its
   * promise has resolved.
   * @returns a promise when the caller must wait before the next append, nothing when there is room
   */
  append(chunk: Uint8Array<ArrayBuffer>): Promise<void> | undefined;

  /** Bytes that survive a power cut if the upload can be resumed: they only grow, and follow `append` at a distance. */
  readonly saved: number;

  /** Where the storage spent time for this upload. Live: read it at any moment. */
  readonly work: StorageWork;

  /**
   * Makes the upload a file: syncs its bytes, gives it its name, syncs the name; makes missing folders.
   * After `name_taken` (and only then) it may be called again with another path.
   * @throws Problem name_taken, is_folder, not_a_folder, link_in_path, other_file_system
   */
  finish(path: FilePath, options: { replace: boolean }): Promise<Finished>;

  /** Removes every trace. Never throws; may be called at any time, also twice, also after `finish` (then it does nothing). */
  discard(): Promise<void>;
}

/** Seconds, growing while an upload runs. `…Waited` is what the caller waited for, `…Busy` what the device worked. */
export interface StorageWork {
  readonly diskWaited: number;
  readonly diskBusy: number;
  readonly syncWaited: number;
  readonly syncBusy: number;
}

/** What `finish` made. */
export interface Finished {
  entry: FileEntry;
  /** True when a file had the name before. */
  replaced: boolean;
}

/** A file in the storage. */
export interface FileEntry {
  kind: "file";
  path: FilePath;
  size: number;
  modified: Date;
  /** A strong validator with its quotes (RFC 9110 section 8.8.3): changes whenever the bytes do, survives a restart. */
  etag: string;
}

/** A folder in the storage. */
export interface FolderEntry {
  kind: "folder";
  path: FolderPath;
  modified: Date;
}

export type Entry = FileEntry | FolderEntry;

/** An open file: `entry` tells about the very bytes that `body` reads, whatever has its name meanwhile. */
export interface StoredFile {
  entry: FileEntry;
  /** Reads lazily. Reading begins before `close`, and then goes on to its end. */
  body: Blob;
  /** To be called once, also when nothing was read. Never throws. */
  close(): Promise<void>;
}

/** Bytes. */
export interface Space {
  free: number;
  total: number;
}
