// The contract of an archive format: the records it writes before, between and after the entries.

/** A file or folder of an archive. */
export interface ArchiveEntry {
  /** Path inside the archive, without a trailing slash. */
  readonly name: string;
  readonly kind: "file" | "folder";
  /** Bytes; 0 for a folder. */
  readonly size: number;
  readonly modified: Date;
}

/** Encodes an archive. The caller sends the bytes of an entry, uncompressed, between the results of `begin` and `end`. */
export interface ArchiveFormat {
  /**
   * Starts an entry.
   * @param content all bytes of the entry, when they are known before it is sent
   * @returns the records before its bytes
   */
  begin(entry: ArchiveEntry, content?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
  /** Adds the next bytes of the entry to its checksum; not called for those passed to `begin`. */
  update(bytes: Uint8Array<ArrayBuffer>): void;
  /** Ends the entry. @returns the records after its bytes */
  end(): Uint8Array<ArrayBuffer>;
  /** Ends the archive. @returns the records after the last entry */
  finish(): Iterable<Uint8Array<ArrayBuffer>>;
}
