// What goes into an archive, and what a format puts around it.

/** A file or folder of an archive. */
export interface ArchiveEntry {
  /** Its path there, without a slash at the end. */
  readonly name: string;
  readonly kind: "file" | "folder";
  /** Bytes; 0 for a folder. */
  readonly size: number;
  readonly modified: Date;
}

/** A format of archives. The bytes of a member stand between `begin` and `end`; nothing compresses them here. */
export interface ArchiveFormat {
  /** @param whole the bytes of the member where all of them are known before they are sent */
  begin(member: ArchiveEntry, whole?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
  /** The next bytes of the member; not called for those given as `whole`. */
  take(bytes: Uint8Array<ArrayBuffer>): void;
  end(): Uint8Array<ArrayBuffer>;
  /** What stands behind the last member. */
  finish(): Iterable<Uint8Array<ArrayBuffer>>;
}
