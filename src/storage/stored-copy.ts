// A copy that is not finished yet: what every storage promises of it.

import type { FilePath } from "../path.ts";
import type { Entry, Moved } from "./entry.ts";

/**
 * The way of a copy: `measure`, `run`, `finish`, or `discard` at any time when none of them runs. Until `finish` nobody
 * sees any of it; then all of it is there at once, and survives a power cut.
 */
export interface StoredCopy {
  /** What is copied, as it was when the copy was begun. */
  readonly entry: Entry;

  /** What there is to copy now. @throws the reason of the signal, Problem */
  measure(signal: AbortSignal): Promise<Content>;

  /**
   * Copies what is there, once. Links and what is neither file nor folder are left out.
   * @returns what was copied
   * @throws the reason of the signal, soon after it; Problem; what `took` rejects with
   */
  run(options: CopyOptions): Promise<Content>;

  /**
   * Gives the copy its name; makes missing folders. After `name_taken` it may be called again with another path.
   * @throws Problem name_taken, is_folder, not_a_folder, link_in_path, other_file_system
   */
  finish(path: FilePath, options: { replace: boolean }): Promise<Moved>;

  /** Removes what was copied and has no name, and lets go of everything. Never throws; to be called in the end. */
  discard(): Promise<void>;
}

export interface CopyOptions {
  signal: AbortSignal;
  /** Told of bytes before they are written; waited for. */
  took(bytes: number): Promise<void> | undefined;
  /** The copy gets the times of what it is a copy of, for a move. @default false */
  keepTimes?: boolean;
}

/** What is in a file or folder. */
export interface Content {
  bytes: number;
  /** Files and folders, itself included. */
  entries: number;
  /** Links, and what is neither file nor folder: a copy is without them. */
  omitted: number;
  /** The latest change of a file or folder, in milliseconds since 1970. */
  changed: number;
}
