// An open file of a storage.

import type { FileEntry } from "./entry.ts";

/** An open file. `entry` describes the bytes that `body` reads, even if another file takes its name in between. */
export interface StoredFile {
  entry: FileEntry;
  /** Its descriptor, if it is a file of the disk. Not after `close`. */
  descriptor?: number;
  /** Reads lazily. A read that starts before `close` runs to its end. */
  body: Blob;
  /** The current state of the open file, which another program may be writing to. Not after `close`. @throws Problem */
  stat(): FileEntry;
  /** Must be called exactly once, even if nothing was read. Never throws. */
  close(): Promise<void>;
}
