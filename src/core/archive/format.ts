// The contract of an archive format: the records it writes before, between and after the entries.

import { MAX_BLOCK } from "./stored-blocks.ts";

/** A file or folder of an archive. */
export interface ArchiveEntry {
  /** Path inside the archive, without a trailing slash. */
  readonly name: string;
  readonly kind: "file" | "folder";
  /** Bytes; 0 for a folder. */
  readonly size: number;
  readonly modified: Date;
}

/** Bytes of each call of `update`, except the last of an entry. A multiple of a deflate block, so that zip can predict its size. */
export const CHUNK = 4 * MAX_BLOCK;

/** Encodes an archive. */
export interface ArchiveFormat {
  /**
   * Starts an entry.
   * @param content all bytes of the entry, when they are known before it is sent: they follow the records unchanged
   * @returns the records before its bytes
   */
  begin(entry: ArchiveEntry, content?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
  /** Encodes the next bytes of the entry, `CHUNK` at a time, and owns them; not called for those passed to `begin`. */
  update(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
  /** Bytes that `update` returns for a whole entry of `size` bytes. */
  encodedLength(size: number): number;
  /** Ends the entry. @returns the records after its bytes */
  end(): Uint8Array<ArrayBuffer>;
  /** Ends the archive. @returns the records after the last entry */
  finish(): Iterable<Uint8Array<ArrayBuffer>>;
}
