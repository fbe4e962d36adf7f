// The zip format, without compression. Small files are stored. Larger ones, whose CRC is known only after their bytes, are deflate
// streams of uncompressed blocks, so that a reader that cannot seek finds their end. The central directory is held compressed in memory.

import { crc32 } from "node:zlib";
import type { ArchiveEntry, ArchiveFormat } from "./format.ts";
import { frame, framedSize } from "./stored-blocks.ts";
import { descriptor, directoryRecord, type EntryHeader, endRecords, fileHeader } from "./zip-records.ts";

/** Bytes of the central directory that are compressed together. */
const BLOCK = 2 ** 18;
/** Maximum bytes of the compressed directory: enough for some 1.5 million entries with names such as a camera gives. */
const MAX_COMPRESSED = 2 ** 25;

export class Zip implements ArchiveFormat {
  /** The entry that was begun and not ended. */
  #header: EntryHeader | undefined;
  /** Bytes of this entry that `update` has not been given yet. */
  #remaining = 0;
  /** Bytes of the archive before the next record. */
  #offset = 0;
  readonly #directory = new CentralDirectory();

  begin(entry: ArchiveEntry, content?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const { kind, size, modified } = entry;
    this.#header = {
      name: Buffer.from(kind === "folder" ? `${entry.name}/` : entry.name),
      kind,
      size,
      encodedSize: content ? size : framedSize(size),
      modified,
      offset: this.#offset,
      crc: content ? crc32(content) : 0,
      streamed: content === undefined,
    };
    this.#remaining = size;
    const record = fileHeader(this.#header);
    this.#offset += record.length + this.#header.encodedSize;
    return record;
  }

  update(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    if (this.#header) this.#header.crc = crc32(bytes, this.#header.crc);
    this.#remaining -= bytes.length;
    const framed = frame(bytes, this.#remaining === 0);
    // Leaving this to the garbage collector costs a tenth more processor time: each read would get memory that is not in the cache.
    bytes.buffer.transfer(0);
    return framed;
  }

  encodedLength(size: number): number {
    return framedSize(size);
  }

  /** @throws RangeError when the central directory exceeds MAX_COMPRESSED */
  end(): Uint8Array<ArrayBuffer> {
    if (!this.#header) throw new TypeError("There is no entry to end: call begin first.");
    const record = descriptor(this.#header);
    this.#directory.add(directoryRecord(this.#header));
    this.#header = undefined;
    this.#offset += record.length;
    return record;
  }

  *finish(): Generator<Uint8Array<ArrayBuffer>, void, void> {
    const { count, size } = this.#directory;
    yield* this.#directory.read();
    yield endRecords({ count, size, offset: this.#offset });
  }
}

/** The records at the end of a zip: added while entries are sent, read once. They are held compressed because they are much alike. */
class CentralDirectory {
  /** Number of records. */
  count = 0;
  /** Bytes of all records, uncompressed. */
  size = 0;
  #blocks: Uint8Array<ArrayBuffer>[] = [];
  #compressedSize = 0;
  /** Records not compressed yet. */
  #pending: Uint8Array<ArrayBuffer>[] = [];
  #pendingSize = 0;

  add(record: Uint8Array<ArrayBuffer>): void {
    this.count += 1;
    this.size += record.length;
    this.#pending.push(record);
    this.#pendingSize += record.length;
    if (this.#pendingSize < BLOCK) return;
    const block = new Uint8Array(Bun.zstdCompressSync(Buffer.concat(this.#pending), { level: 1 }));
    this.#pending = [];
    this.#pendingSize = 0;
    this.#blocks.push(block);
    this.#compressedSize += block.length;
    if (this.#compressedSize > MAX_COMPRESSED)
      throw new RangeError(`The central directory of this zip is too large after ${this.count} entries.`);
  }

  *read(): Generator<Uint8Array<ArrayBuffer>, void, void> {
    for (const block of this.#blocks) yield new Uint8Array(Bun.zstdDecompressSync(block));
    yield Buffer.concat(this.#pending);
  }
}
