// The contract of a storage: what the uploader asks of a disk, a bucket or memory, and what each must promise.

import type { FilePath, FolderPath } from "../path.ts";
import type { Load, Space } from "./device.ts";
import type { Entry, FileEntry, FolderEntry, Moved } from "./entry.ts";
import type { Page, PageQuery } from "./paging.ts";
import type { StoredCopy } from "./stored-copy.ts";
import type { Trash } from "./trash.ts";
import type { UploadId } from "./upload-id.ts";

/**
 * # How a file comes into being
 *
 * ```
 * begin ──► append* ──► finish ──► the file has its name      (saved)
 *              │           └─ name_taken: finish again with another name
 *              └──► discard                                    (nothing was there, nothing is there)
 * ```
 *
 * A *kept* upload also waits for its client, over restarts and power cuts:
 * ```
 * begin(…, id) ──► note(id) ──► append* ──► finish ──► note(id): it is a file ──► settle(id) ──► forget(id)
 *                                  │   ▲
 *                   pause, or kill -9  resume(id)
 * ```
 *
 * **What every storage promises**
 * 1. Until `finish` resolves no reader can see a byte of an upload: not in a listing, not by its name, not in part.
 * 2. When `finish` resolves, the bytes *and the name* survive a power cut.
 * 3. `finish` with `replace: false` never replaces anything, also when two uploads finish at the same instant.
 *    With `replace: true` readers see the old file or the new one, whole, and nothing between them.
 * 4. Nothing is ever read, written or removed outside the root, whatever links lie in it and whoever changes them
 *    meanwhile. Nothing is written or removed through a link.
 * 5. After a crash, what was begun and not finished is removed at the next start, or stays if it is kept and has a
 *    note; it never appears as a file. After a `kill -9` every byte of a kept upload below `length` is right, because
 *    bytes are only appended, in order. After a power cut that is certain of the first `saved` bytes only: file systems
 *    may write down a new length before the bytes (ext4 then shows zeros). Who wrote `saved` and `boot` into the note
 *    knows when to cut back to it: `rewind`.
 * 6. Memory is bounded: `append` answers with a promise when the storage has enough, and the caller waits for it.
 *
 * **Errors.** Every method throws a `Problem` and nothing else: `storage_full` (no space, quota), `storage_read_only`,
 * `storage_gone` (the root vanished), `out_of_files`, `storage_failed` (anything else of the platform, as `cause`),
 * and those its comment names. After an error an upload is only good for `discard`; other uploads go on.
 *
 * **Who validates.** Paths arrive checked (`FilePath`); rules about grants, sizes and preconditions are the uploader's.
 */
export interface Storage {
  /**
   * Names what the machine has run since it was started: as long as it is the same, all that was written is there, also
   * what was not synced.
   */
  readonly bootId: string;

  /**
   * Opens a new upload. Nothing of it is visible. `target` is where it is meant to go (a bucket needs to know);
   * the name is only taken by `finish`.
   * @param keep makes it a kept upload: it goes on after a cut connection and after a restart, until it is discarded
   * or forgotten. Only what has a note outlives a restart: write one before the client is told the id.
   * @throws Problem storage_failed when there is a kept upload with this id
   */
  begin(target: FilePath): Promise<StoredUpload>;
  begin(target: FilePath, keep: UploadId): Promise<PartialUpload>;

  /**
   * Opens a kept upload again, to append behind its `length` bytes.
   * @returns null when there is none, or its bytes are a file already (see `published`)
   * @throws Problem storage_failed while it is open: one upload has one writer
   */
  resume(id: UploadId): Promise<PartialUpload | null>;

  /**
   * Writes the note of a kept upload: a small text that says what the upload is. It replaces the note before in one
   * step and survives a power cut when the promise resolves; if it rejects, the note is the old one or the new one.
   * Calls for one id do not overlap.
   */
  writeMetadata(id: UploadId, text: string): Promise<void>;

  /** Every kept upload that has a note, in no order; nothing when the storage can only be read. */
  partialUploads(): AsyncIterable<PartialMetadata>;

  /**
   * Whether the file under a path is made of the bytes of this kept upload: after a crash in the middle of `finish`
   * this says whether the name was given. When it is true, the name survives a power cut. False once settled.
   */
  published(id: UploadId, path: FilePath): Promise<boolean>;

  /**
   * Lets go of the bytes of a kept upload and leaves its note: after `finish`, when the note says where the file is.
   * Until then a removed file would keep its space. Not throwing for what is gone.
   */
  releaseData(id: UploadId): Promise<void>;

  /** Removes bytes and note of a kept upload; a file made of it stays. Not throwing for what is gone. */
  deletePartial(id: UploadId): Promise<void>;

  /**
   * What stands under a path, or `null`. Links that stay below the root are followed, others do not exist.
   * A folder is found under its path with kind "folder"; the root always exists.
   */
  find(path: FilePath | FolderPath): Promise<Entry | null>;

  /**
   * Says why nothing could be written under this path: `not_a_folder` when a segment above is a file, `link_in_path`
   * when one, or the entry itself, is a link, `other_file_system` when one is there. Missing folders are no reason.
   * Only a courtesy for early answers: `finish` checks again, safely.
   * @returns the entry that has the name now
   */
  probe(path: FilePath): Promise<Entry | null>;

  /** Opens a file for reading. The caller closes it. @throws Problem not_found, is_folder */
  open(path: FilePath): Promise<StoredFile>;

  /** One page of a folder of any size. Entries are as they are now, whenever the order was made. @throws Problem not_found, not_a_folder */
  page(folder: FolderPath, query: PageQuery): Promise<Page>;

  /**
   * Everything in a folder of any size, by name, hidden entries too: some hundreds at a time, looked at shortly before
   * they are given. What comes or goes meanwhile may be missing. Whoever leaves the loop lets go of the folder.
   * @throws Problem not_found, not_a_folder
   */
  scan(folder: FolderPath): AsyncGenerator<Entry[], void, void>;

  /** Makes a folder, and those above it that are missing. @throws Problem name_taken, not_a_folder, link_in_path */
  makeFolder(path: FilePath): Promise<FolderEntry>;

  /**
   * Gives a file, or a folder with all that is in it, another name; makes missing folders above that. Only a file is
   * ever replaced, and only by a file. After a power cut it has the old name, the new one or both, and never none.
   * @throws Problem not_found, name_taken, is_folder, not_a_folder, link_in_path, into_itself, mount_point, other_file_system
   */
  move(from: FilePath, to: FilePath, options: { replace: boolean }): Promise<Moved>;

  /**
   * Begins a copy of a file, or of a folder with all that is in it. The caller ends it with `discard`, always.
   * @throws Problem not_found, link_in_path
   */
  copy(from: FilePath): Promise<StoredCopy>;

  /**
   * Removes a file for good, or with `recursive` a folder. A folder disappears in one step, and what is in it is gone
   * when this resolves; links in it are removed themselves, never what they lead to.
   * @throws Problem not_found, is_folder, link_in_path, mount_point
   */
  remove(path: FilePath, options?: { recursive: boolean }): Promise<void>;

  /** What was put away instead of removed. */
  readonly trash: Trash;

  /** Free and total bytes as they are now; `Infinity` where there is no such limit. */
  space(): Promise<Space>;

  /** What waits for the device now. */
  readonly load: Load;

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

  /** Bytes taken so far. */
  readonly length: number;

  /**
   * Bytes that survive a power cut if the upload is kept: they follow `append` at a distance, and only `rewind` makes
   * them fewer.
   */
  readonly saved: number;

  /** Where the storage spent time for this upload. Live: read it at any moment. */
  readonly work: StorageWork;

  /**
   * Makes the upload a file: syncs its bytes, gives it its name, syncs the name; makes missing folders.
   * After `name_taken` (and only then) it may be called again with another path.
   * @throws Problem name_taken, is_folder, not_a_folder, link_in_path, other_file_system
   */
  finish(path: FilePath, options: { replace: boolean }): Promise<Published>;

  /** Removes every trace. Never throws; may be called at any time, also twice, also after `finish` (then it does nothing). */
  discard(): Promise<void>;
}

/**
 * An upload that can wait. Nothing tells the storage that its bytes are complete: that is for a note to say.
 * `discard` removes bytes and note, but does nothing after `pause` or `rest`: then it is `forget` that removes.
 */
export interface PartialUpload extends StoredUpload {
  readonly id: UploadId;

  /**
   * Writes and syncs what was taken, and lets go of everything but the bytes: only `length` and `saved` may be read afterwards.
   * May be called after an error too, to keep what is there; it throws that error when it has let go, and `length` is
   * what `resume` will find.
   */
  suspend(): Promise<void>;

  /**
   * As `pause`, but what was taken last, some 32 MiB at most, is written and only synced a moment later. Who resumes
   * soon goes on without delay. If that sync fails, `resume` finds the bytes that were `saved`.
   */
  suspendLazily(): Promise<void>;

  /** Cuts back to the first `length` bytes: for a chunk that turned out wrong. @throws Problem */
  truncate(length: number): Promise<void>;

  /**
   * All bytes taken so far, read again from the first on in slices of some hundred KiB, which are the caller's until it
   * asks for the next. Nothing is appended meanwhile. A discard ends it. @throws Problem
   */
  contents(): AsyncIterable<Uint8Array>;

  /**
   * Appends all bytes of other kept uploads, one behind the other; they stay as they are. Bytes do not pass through the
   * process where the system can copy by itself. A crash or an error in the middle leaves a part of them: `rewind` to
   * where it began.
   * @throws Problem not_found, also when the bytes of one are a file already; storage_failed while one is open
   */
  appendFrom(ids: readonly UploadId[]): Promise<void>;
}

/** What is known of a kept upload without opening it. */
export interface PartialMetadata {
  id: UploadId;
  text: string;
  /** Bytes that are there; 0 once settled. */
  length: number;
  /** The last change of bytes or note. */
  changed: Date;
}

/** Seconds, growing while an upload runs. `…Waited` is what the caller waited for, `…Busy` what the device worked. */
export interface StorageWork {
  readonly diskWaited: number;
  readonly diskBusy: number;
  readonly syncWaited: number;
  readonly syncBusy: number;
}

/** What `finish` made. */
export interface Published {
  entry: FileEntry;
  /** True when a file had the name before. */
  replaced: boolean;
}

/** An open file: `entry` tells about the very bytes that `body` reads, whatever has its name meanwhile. */
export interface StoredFile {
  entry: FileEntry;
  /** Reads lazily. Reading begins before `close`, and then goes on to its end. */
  body: Blob;
  /** What the entry is by now: another program may be writing into the file. Not after `close`. @throws Problem */
  stat(): FileEntry;
  /** To be called once, also when nothing was read. Never throws. */
  close(): Promise<void>;
}
