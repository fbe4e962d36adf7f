// The contract of a copy in progress.

import type { FilePath, Reach } from "../path.ts";
import type { Entry, Moved } from "./entry.ts";

/**
 * Call `measure`, `run`, `finish`, for a move `removeSource`, and finally `discard`, one at a time. The copy is invisible until `finish`, which
 * publishes all of it in one step; after that it survives a power cut.
 */
export interface StoredCopy {
  /** The source, as it was when the copy was started. */
  readonly entry: Entry;

  /** Counts the source. @throws the reason of the signal, Problem */
  measure(signal: AbortSignal): Promise<Content>;

  /**
   * Copies the source; call it once. Links and special files (pipes, sockets, devices) are skipped.
   * @returns counts of what was copied
   * @throws the reason of the signal, soon after it aborts; Problem; the rejection of `took`
   */
  run(options: CopyOptions): Promise<Content>;

  /**
   * Gives the copy its name and creates missing folders. After `name_taken` it may be called again with another path.
   * @throws Problem name_taken, is_folder, not_a_folder, link_in_path, other_file_system
   */
  finish(path: FilePath, options: { replace: boolean }): Promise<Moved>;

  /**
   * Deletes the entries that `run` copied for a move, permanently. An entry that was added or changed since then stays.
   * @throws Problem source_changed, no_access, when something stays
   */
  removeSource(): Promise<void>;

  /** Deletes an unpublished copy and closes everything. Never throws. Must always be called last. */
  discard(): Promise<void>;
}

export interface CopyOptions {
  signal: AbortSignal;
  /** Called with a number of bytes before they are written, and awaited. */
  took(bytes: number): Promise<void> | undefined;
  /**
   * Copies times, owner, mode and access control lists too, and remembers what was copied, so that `removeSource` can
   * delete it. Otherwise the copy is a new entry, with the mode and the attributes that users gave the source, and with
   * what its new folder hands down.
   * @default false
   */
  move?: boolean;
}

/** Totals of a file, or of a folder with its contents. */
export interface Content {
  /** How far paths below the top one reach. */
  reach: Reach;
  bytes: number;
  /** Files and folders, including the top one. */
  entries: number;
  /** Links and special files, which a copy skips. */
  omitted: number;
  /** Latest modification of any file or folder, in milliseconds since 1970. */
  changed: number;
}
