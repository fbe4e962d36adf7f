// The state of a storage in memory, which survives a restart of the storage.

import { Problem } from "../../errors.ts";
import type { FilePath } from "../../path.ts";
import { ROOT } from "../../path.ts";
import type { FileEntry } from "../entry.ts";
import type { LockRecord } from "../lock-records.ts";
import type { PropertyMap } from "../properties.ts";
import type { Published } from "../storage.ts";
import type { TrashId } from "../trash.ts";
import type { UploadId } from "../upload-id.ts";

export interface MemoryFile {
  entry: FileEntry;
  body: Blob;
}

/** The bytes of an upload. */
export interface MemoryBytes {
  chunks: Uint8Array<ArrayBuffer>[];
  length: number;
  /** The body of the published file. */
  body?: Blob;
}

/** A partial upload. Without metadata it does not survive a restart. */
export interface MemoryPartial {
  bytes: MemoryBytes | null;
  note: string | null;
  changed: Date;
}

/** A step that a test can delay or fail. */
export type MemoryStep = "begin" | "write" | "sync" | "publish" | "note";

/** Called before a step with the number of bytes it concerns; the step waits for the promise and fails with it. */
export type MemoryDelay = (step: MemoryStep, bytes: number) => Promise<void> | undefined;

/** The storage as its uploads, copies and trash see it. */
export interface MemoryHost {
  readonly contents: MemoryContents;

  /** Reserves bytes of the capacity. @throws Problem storage_full, and reserves nothing then */
  reserve(bytes: number): void;

  /** Gives reserved bytes back. */
  release(bytes: number): void;

  /** Drops the bytes of an upload and releases their capacity, unless they are the bytes of a file by now. */
  dropBytes(bytes: MemoryBytes): void;

  /** The bytes of a partial upload that nobody writes to. @throws Problem not_found, storage_failed */
  sourceBytes(id: UploadId): MemoryBytes;

  /** The partial upload has no writer any more. */
  closeWriter(id: UploadId): void;

  /** Gives a whole file its name in one step. @throws Problem name_taken, is_folder, not_a_folder */
  publish(path: FilePath, body: Blob, replace: boolean, modified?: Date): Published;

  /** See `Storage.deletePartial`. */
  deletePartial(id: UploadId): Promise<void>;
}

/** Survives a restart: files, folders, partial uploads and the change counter. */
export class MemoryContents {
  readonly files = new Map<string, MemoryFile>();
  readonly folders = new Map<string, Date>([[ROOT, new Date()]]);
  readonly partials = new Map<UploadId, MemoryPartial>();
  /** See `Storage.age`, in milliseconds of `performance.now()`; tests change it to let time pass. */
  born = performance.now();
  /** The boot id; tests change it to simulate a power cut. */
  boot = "memory";
  /** The trash; each entry is stored in its own contents. */
  readonly trash = new Map<TrashId, { path: FilePath; contents: MemoryContents }>();
  changes = 0;
  receipts: readonly string[] = [];
  readonly properties = new Map<string, PropertyMap>();
  readonly locks = new Map<string, LockRecord>();

  /** Drops uploads without metadata. @returns total bytes of files and uploads */
  restart(): number {
    let used = 0;
    for (const { entry } of this.files.values()) used += entry.size;
    for (const { contents } of this.trash.values()) used += contents.restart();
    for (const [id, { bytes, note }] of this.partials)
      if (note === null) this.partials.delete(id);
      else if (bytes && !bytes.body) used += bytes.length;
    return used;
  }
}

export const storageFull = (): Problem => new Problem("storage_full", "The storage in memory is full.");
