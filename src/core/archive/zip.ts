// The format zip, without compression: keeps the list that stands at its end small while the archive is sent.

import { crc32 } from "node:zlib";
import type { ArchiveEntry, ArchiveFormat } from "./format.ts";
import { descriptor, directoryRecord, type EntryHeader, endRecords, fileHeader } from "./zip-records.ts";

/** Bytes of the list that are compressed together. */
const BLOCK = 2 ** 18;
/** Most bytes kept of the list: some 1.5 million members with names such as those of a camera. */
const MOST_KEPT = 2 ** 25;

export class Zip implements ArchiveFormat {
  #told: EntryHeader | undefined;
  #offset = 0;
  readonly #list = new List();

  begin(member: ArchiveEntry, whole?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const { kind, size, modified } = member;
    this.#told = {
      name: Buffer.from(kind === "folder" ? `${member.name}/` : member.name),
      kind,
      size,
      modified,
      offset: this.#offset,
      crc: whole ? crc32(whole) : 0,
      crcFollows: whole === undefined,
    };
    const head = fileHeader(this.#told);
    this.#offset += head.length + size;
    return head;
  }

  take(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#told) this.#told.crc = crc32(bytes, this.#told.crc);
  }

  /** @throws RangeError when the list has become too long to be kept */
  end(): Uint8Array<ArrayBuffer> {
    if (!this.#told) throw new TypeError("Nothing has begun.");
    const tail = descriptor(this.#told);
    this.#list.add(directoryRecord(this.#told));
    this.#told = undefined;
    this.#offset += tail.length;
    return tail;
  }

  *finish(): Generator<Uint8Array<ArrayBuffer>, void, void> {
    const { count, size } = this.#list;
    yield* this.#list.read();
    yield endRecords({ count, size, offset: this.#offset });
  }
}

/** A list of records that is written while members pass and read once. Their names and sizes are much alike, so it is kept compressed. */
class List {
  count = 0;
  size = 0;
  #blocks: Uint8Array<ArrayBuffer>[] = [];
  #kept = 0;
  #waiting: Uint8Array<ArrayBuffer>[] = [];
  #waitingSize = 0;

  add(record: Uint8Array<ArrayBuffer>): void {
    this.count += 1;
    this.size += record.length;
    this.#waiting.push(record);
    this.#waitingSize += record.length;
    if (this.#waitingSize < BLOCK) return;
    const block = new Uint8Array(Bun.zstdCompressSync(Buffer.concat(this.#waiting), { level: 1 }));
    this.#waiting = [];
    this.#waitingSize = 0;
    this.#blocks.push(block);
    this.#kept += block.length;
    if (this.#kept > MOST_KEPT)
      throw new RangeError(`The list at the end of a zip would be too long after ${this.count} members.`);
  }

  *read(): Generator<Uint8Array<ArrayBuffer>, void, void> {
    for (const block of this.#blocks) yield new Uint8Array(Bun.zstdDecompressSync(block));
    yield Buffer.concat(this.#waiting);
  }
}
