// The contract of a storage: the operations the uploader needs from a disk, a bucket or memory, and their guarantees.

import type { FilePath, FolderPath } from "../path.ts";
import type { Load, Space, StorageWork } from "./device.ts";
import type { Entry, FileEntry, FolderEntry, Moved } from "./entry.ts";
import type { NameQuery } from "./listing/name-query.ts";
import type { Page, PageQuery } from "./listing/paging.ts";
import type { SkippedEntries } from "./listing/skipped.ts";
import type { ViewText } from "./listing/view.ts";
import type { LockRecords } from "./lock-records.ts";
import type { Properties } from "./properties.ts";
import type { RecordLog } from "./record-log.ts";
import type { StoredCopy } from "./stored-copy.ts";
import type { StoredFile } from "./stored-file.ts";
import type { Trash } from "./trash.ts";
import type { UploadId } from "./upload-id.ts";

/**
 * # Life of a file
 *
 * ```
 * begin ──► append* ──► finish ──► the file is visible under its name      (saved)
 *              │           └─ name_taken: call finish again with another name
 *              └──► discard                                                 (no trace is left)
 * ```
 *
 * A *partial* upload (`begin` with an id) also survives cut connections, restarts and power cuts:
 * ```
 * begin(…, id) ──► writeMetadata ──► append* ──► finish ──► writeMetadata ──► releaseData ──► deletePartial
 *                                     │   ▲
 *                  suspend, or kill -9  resume(id)
 * ```
 *
 * **Guarantees of every storage**
 * 1. Until `finish` resolves, readers see no byte of an upload: neither in a listing nor under its name.
 * 2. When `finish` has resolved, the bytes *and the name* survive a power cut.
 * 3. `finish` with `replace: false` never replaces anything, even when two uploads finish at the same instant.
 *    With `replace: true`, a reader gets either the complete old file or the complete new one.
 * 4. Nothing outside the root is ever read, written or removed, whatever links the root contains and however they are
 *    changed concurrently. Nothing is written or removed through a link.
 * 5. At the next start after a crash, unfinished uploads are removed, except partial uploads that have metadata. An
 *    unfinished upload never appears as a file. After `kill -9`, every byte of a partial upload below `length` is
 *    correct, because bytes are only appended, in order. After a power cut only the first `saved` bytes are certain: a
 *    file system may persist the new length before the bytes (ext4 then returns zeros). A caller that records `saved`
 *    and `bootId` in the metadata can detect this, and cuts back with `truncate`.
 * 6. Memory is bounded: when buffers are full, `append` returns a promise, and the caller must await it.
 *
 * **Errors.** Every method throws a `Problem` and nothing else: `storage_full` (no space, or quota exceeded),
 * `storage_read_only`, `storage_gone` (the root disappeared), `out_of_files`, `storage_failed` (any other error of the
 * platform, as `cause`), and the codes listed at the method. After an error an upload can only be discarded (a partial
 * one also suspended); other uploads are not affected.
 *
 * **Validation.** Paths arrive checked (`FilePath`). Grants, size limits and preconditions are the uploader's concern.
 */
export interface Storage {
  /** Identifies the current boot. While it is unchanged, everything written is still readable, synced or not. */
  readonly bootId: string;

  /**
   * Milliseconds since the storage was first used. Unlike the system clock it never jumps. It continues after a restart,
   * but does not count time in which the machine was off.
   */
  readonly age: number;

  /**
   * Opens a new upload, invisible to readers. `target` is the intended path, which an object store needs in advance;
   * only `finish` takes the name.
   * @param keep id of a new partial upload: it lasts until it is discarded or deleted. Only a partial upload with
   * metadata survives a restart, so call `writeMetadata` before the client learns the id.
   * @throws Problem storage_failed when a partial upload with this id exists
   */
  begin(target: FilePath): Promise<StoredUpload>;
  begin(target: FilePath, keep: UploadId): Promise<PartialUpload>;

  /**
   * Reopens a partial upload to append after its `length` bytes.
   * @returns null when there is none, or when its bytes are already a file (see `published`)
   * @throws Problem storage_failed while it is open: an upload has a single writer
   */
  resume(id: UploadId): Promise<PartialUpload | null>;

  /**
   * Writes the metadata of a partial upload: a small text that describes it. Replaces the previous text atomically, and
   * survives a power cut once the promise resolves; if it rejects, either the old or the new text is stored.
   * Calls for one id must not overlap.
   */
  writeMetadata(id: UploadId, text: string): Promise<void>;

  /**
   * Every partial upload that has metadata, in no particular order. Empty when the storage is read-only on purpose.
   * @throws Problem storage_read_only when it could not be written to at the start, see `check`
   */
  partialUploads(): AsyncIterable<PartialMetadata>;

  /**
   * Whether the file under `path` consists of the bytes of this partial upload. After a crash during `finish` this tells
   * whether the name was given; if true, the name survives a power cut. Always false after `releaseData`.
   */
  published(id: UploadId, path: FilePath): Promise<boolean>;

  /**
   * Releases the bytes of a partial upload and keeps its metadata. Call it after `finish`, once the metadata says where
   * the file is: until then, deleting the file would not free its space. Does not throw if there is nothing to release.
   */
  releaseData(id: UploadId): Promise<void>;

  /** Deletes bytes and metadata of a partial upload; a file made from it stays. Does not throw if there is none. */
  deletePartial(id: UploadId): Promise<void>;

  /**
   * The entry under a path, or `null`. Links whose target is below the root are followed; all others do not exist.
   * A folder is found under its path with kind "folder"; the root always exists.
   * @throws Problem no_access, which names the folder above it that the server may not search
   */
  find(path: FilePath | FolderPath): Promise<Entry | null>;

  /**
   * Throws if a file could not be written under this path: `not_a_folder` when a parent is a file, `link_in_path` when
   * a segment is a link, `other_file_system` when a parent is on another file system. Missing folders are no obstacle.
   * The result is only a hint for rejecting early: `finish` checks again, without races.
   * @returns the entry that has the name now
   */
  probe(path: FilePath): Promise<Entry | null>;

  /** Opens a file for reading. The caller must close it. @throws Problem not_found, is_folder, no_access */
  open(path: FilePath): Promise<StoredFile>;

  /** Resolves once a file and its name survive a power cut, even if another program wrote it. @throws Problem not_found, link_in_path */
  makeDurable(path: FilePath): Promise<void>;

  /**
   * One page of a folder of any size. The order may come from a cache, but every entry is read at the time of the call.
   * @throws Problem not_found, not_a_folder, no_access
   */
  page(folder: FolderPath, query: PageQuery): Promise<Page>;

  /**
   * All entries of a folder that a view shows, by name, hidden ones included, in batches of some hundred; each is read
   * shortly before it is yielded. Entries created or removed concurrently may be missing. Ending the loop early closes
   * the folder.
   * @returns the entries that clients cannot be shown
   * @throws Problem not_found, not_a_folder, no_access
   */
  scan(folder: FolderPath, view?: ViewText): AsyncGenerator<Entry[], SkippedEntries, void>;

  /**
   * The entries below a folder whose names match, in batches that may be empty. Depth-first: a folder comes before its
   * contents, and the entries of one folder are in the order of their names. A link is matched by its own name and not
   * followed. Only entries that match are read. Ending the loop early ends the search.
   * @returns the entries that were not searched, because clients cannot be shown them or the server may not read them
   * @throws Problem not_found, not_a_folder, no_access for the folder itself
   */
  search(folder: FolderPath, query: NameQuery): AsyncGenerator<Entry[], SkippedEntries, void>;

  /** Creates a folder and its missing parents. @throws Problem name_taken, not_a_folder, link_in_path */
  makeFolder(path: FilePath): Promise<FolderEntry>;

  /**
   * Renames a file, or a folder with its contents, and creates missing parents. Only a file can be replaced, and only by
   * a file. After a power cut the entry has its old name, its new name or both, but never neither.
   * @throws Problem not_found, name_taken, is_folder, not_a_folder, link_in_path, into_itself, mount_point, other_file_system
   */
  move(from: FilePath, to: FilePath, options: { replace: boolean }): Promise<Moved>;

  /** Sets the modification time of a file or folder; a power cut may undo it. @throws Problem not_found, link_in_path, no_access */
  setModified(path: FilePath, modified: Date): Promise<Entry>;

  /**
   * Starts a copy of a file, or of a folder with its contents. The caller must always end it with `discard`. `to` is the
   * intended path, whose folder may hand down rights; only `finish` takes the name.
   * @throws Problem not_found, link_in_path
   */
  copy(from: FilePath, to: FilePath): Promise<StoredCopy>;

  /**
   * Deletes a file permanently, or with `recursive` a folder. A folder disappears in one step, and its contents are
   * deleted when the promise resolves. Links inside it are deleted, never their targets.
   * @throws Problem not_found, is_folder, link_in_path, mount_point
   */
  remove(path: FilePath, options?: { recursive: boolean }): Promise<void>;

  /** Entries that were moved to the trash instead of deleted. */
  readonly trash: Trash;

  /** Dead properties of entries, and of those in the trash. The caller lets them follow changes of the tree. */
  readonly properties: Properties;
  readonly lockRecords: LockRecords;

  /** Lines about finished uploads that the server must remember. @throws Problem storage_read_only */
  readonly receipts: RecordLog;

  /** Current free and total bytes; `Infinity` when the storage has no such limit. */
  space(): Promise<Space>;

  /** Work currently queued for the device. */
  readonly load: Load;

  /**
   * Verifies that the storage accepts writes now. A storage that could not be written to at the start tries again; once that
   * succeeds, `partialUploads` reports the uploads of earlier runs.
   * @throws Problem storage_read_only, storage_full, storage_gone, …
   */
  check(): Promise<void>;

  /** Closes the root. The caller must discard or suspend running uploads first. */
  close(): Promise<void>;
}

/** How an upload is published. */
export interface FinishOptions {
  /** Whether a file that has the name is replaced. */
  replace: boolean;
  /** The modification time of the file, which it has as soon as it is visible. @default the time of its last byte */
  modified?: Date | undefined;
}

/** An unfinished file. Calls on one upload must not overlap, except `discard`, which interrupts any other call. */
export interface StoredUpload {
  /**
   * Appends a chunk. The storage copies what it buffers: the caller may reuse the chunk once `append` has returned, or
   * once the returned promise has resolved.
   * @returns a promise when the caller must wait before the next append, undefined when there is buffer space
   */
  append(chunk: Uint8Array<ArrayBuffer>): Promise<void> | undefined;

  /** Bytes appended so far. */
  readonly length: number;

  /** Bytes of a partial upload that survive a power cut. Lags behind `length`; only `truncate` decreases it. */
  readonly saved: number;

  /** Time the storage has spent on this upload. Live: it may be read at any moment. */
  readonly work: StorageWork;

  /**
   * Publishes the upload: syncs its bytes, creates missing folders, gives it its name, and syncs the name.
   * After `name_taken`, and only then, it may be called again with another path.
   * @throws Problem name_taken, is_folder, not_a_folder, link_in_path, other_file_system
   */
  finish(path: FilePath, options: FinishOptions): Promise<Published>;

  /** Deletes every trace. Never throws. May be called at any time and repeatedly; does nothing after `finish`. */
  discard(): Promise<void>;
}

/**
 * An upload that can be suspended and resumed. The storage does not know whether its bytes are complete: the metadata
 * must say so. `discard` deletes bytes and metadata, but does nothing once the upload is suspended: use `deletePartial`.
 */
export interface PartialUpload extends StoredUpload {
  readonly id: UploadId;

  /**
   * Writes and syncs the appended bytes, then closes the upload and keeps them. Afterwards only `length` and `saved` may
   * be read. May also be called after an error to keep the bytes stored so far: it then closes the upload, rethrows the
   * error, and `length` is the length that `resume` will find.
   */
  suspend(): Promise<void>;

  /**
   * Like `suspend`, but only writes the last bytes (at most about 32 MiB) and syncs them a moment later, so that a client
   * that resumes at once is not delayed. If that sync fails, `resume` finds only the `saved` bytes.
   */
  suspendLazily(): Promise<void>;

  /** Cuts the upload back to its first `length` bytes, for a chunk that turned out to be wrong. @throws Problem */
  truncate(length: number): Promise<void>;

  /**
   * Reads back all bytes appended so far in slices of some hundred KiB. A slice is valid until the next one is requested.
   * Nothing may be appended in between. `discard` interrupts it. @throws Problem
   */
  contents(): AsyncIterable<Uint8Array>;

  /**
   * Appends all bytes of other partial uploads in the given order; the sources do not change. The system copies them
   * without passing them through this process where it can. After a crash or an error, part of them may have been
   * appended: `truncate` to the previous length.
   * @throws Problem not_found, also when the bytes of a source are already a file; storage_failed while a source is open
   */
  appendFrom(ids: readonly UploadId[]): Promise<void>;
}

/** A partial upload as `partialUploads` reports it, without opening it. */
export interface PartialMetadata {
  id: UploadId;
  text: string;
  /** Bytes stored; 0 after `releaseData`. */
  length: number;
  /** Last change of its bytes or metadata. */
  changed: Date;
}

/** The result of `finish`. */
export interface Published {
  entry: FileEntry;
  /** True when a file under this name was replaced. */
  replaced: boolean;
}
