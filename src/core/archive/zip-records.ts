// The records of a zip file, byte by byte (APPNOTE 6.3.10 section 4.3): zip64 where it is needed, names in UTF-8.

const SIGNATURE = {
  file: 0x04034b50,
  descriptor: 0x08074b50,
  directory: 0x02014b50,
  end: 0x06054b50,
  end64: 0x06064b50,
  locator64: 0x07064b50,
} as const;

/** Bits of the general purpose flags (4.4.4). */
const CRC_FOLLOWS = 1 << 3;
const UTF8 = 1 << 11;
/** Compression methods (4.4.5). */
const STORED = 0;
const DEFLATED = 8;
/** The version needed to extract: 2.0 for folders, 4.5 for zip64 (4.4.3). */
const VERSION = 20;
const VERSION64 = 45;
/** Made on Unix, so that readers apply the modes (4.4.2). */
const MADE_BY = (3 << 8) | VERSION64;
/** External attributes: the Unix mode in the upper half, DOS attributes in the lower. */
const ATTRIBUTES = { file: 0o100644 * 2 ** 16, folder: 0o40755 * 2 ** 16 + 0x10 } as const;
/** Placeholders for a number that does not fit: the zip64 field has it (4.4.1.4). */
const MAX16 = 0xffff;
const MAX32 = 0xffffffff;

/** The values that the records of an entry contain. */
export interface EntryHeader {
  /** UTF-8; the name of a folder ends with a slash. */
  name: Buffer<ArrayBuffer>;
  kind: "file" | "folder";
  size: number;
  /** Bytes in the archive. */
  encodedSize: number;
  modified: Date;
  /** Offset of its local file header in the archive. */
  offset: number;
  crc: number;
  /**
   * Whether the bytes are a deflate stream, followed by their CRC in a data descriptor. Java and others that cannot seek
   * accept a descriptor only after such a stream.
   */
  streamed: boolean;
}

/**
 * The local file header (4.3.7). What a data descriptor has is zero here, although the sizes are known: some readers expect
 * no descriptor where there are sizes. An empty zip64 field announces that the sizes of the descriptor have 8 bytes.
 */
export function fileHeader(header: EntryHeader): Buffer<ArrayBuffer> {
  const { name, modified, streamed } = header;
  const { size, encodedSize, crc } = streamed ? { size: 0, encodedSize: 0, crc: 0 } : header;
  const large = isLarge(header);
  const extra = Buffer.concat([large ? zip64([size, encodedSize]) : EMPTY, timestamp(modified)]);
  const head = numbers(
    [4, SIGNATURE.file],
    [2, large ? VERSION64 : VERSION],
    [2, flagsOf(header)],
    [2, methodOf(header)],
    [4, dosTime(modified)],
    [4, crc],
    [4, large ? MAX32 : encodedSize],
    [4, large ? MAX32 : size],
    [2, name.length],
    [2, extra.length],
  );
  return Buffer.concat([head, name, extra]);
}

/** The data descriptor (4.3.9), which follows the bytes when the CRC was not known before them. */
export function descriptor(header: EntryHeader): Buffer<ArrayBuffer> {
  const { size, encodedSize, crc, streamed } = header;
  if (!streamed) return EMPTY;
  const width = isLarge(header) ? 8 : 4;
  return numbers([4, SIGNATURE.descriptor], [4, crc], [width, encodedSize], [width, size]);
}

/** A record of the central directory (4.3.12). */
export function directoryRecord(header: EntryHeader): Buffer<ArrayBuffer> {
  const { name, kind, size, encodedSize, modified, offset, crc } = header;
  const large = [...(isLarge(header) ? [size, encodedSize] : []), ...(offset >= MAX32 ? [offset] : [])];
  const extra = Buffer.concat([large.length > 0 ? zip64(large) : EMPTY, timestamp(modified)]);
  const head = numbers(
    [4, SIGNATURE.directory],
    [2, MADE_BY],
    [2, large.length > 0 ? VERSION64 : VERSION],
    [2, flagsOf(header)],
    [2, methodOf(header)],
    [4, dosTime(modified)],
    [4, crc],
    [4, isLarge(header) ? MAX32 : encodedSize],
    [4, isLarge(header) ? MAX32 : size],
    [2, name.length],
    [2, extra.length],
    [2, 0],
    [2, 0],
    [2, 0],
    [4, ATTRIBUTES[kind]],
    [4, Math.min(offset, MAX32)],
  );
  return Buffer.concat([head, name, extra]);
}

/** The end of the central directory (4.3.14 to 4.3.16), which ends the archive. */
export function endRecords({
  count,
  size,
  offset,
}: {
  count: number;
  size: number;
  offset: number;
}): Buffer<ArrayBuffer> {
  const end = numbers(
    [4, SIGNATURE.end],
    [4, 0],
    [2, Math.min(count, MAX16)],
    [2, Math.min(count, MAX16)],
    [4, Math.min(size, MAX32)],
    [4, Math.min(offset, MAX32)],
    [2, 0],
  );
  if (count < MAX16 && size < MAX32 && offset < MAX32) return end;
  const end64 = numbers(
    [4, SIGNATURE.end64],
    [8, 44],
    [2, MADE_BY],
    [2, VERSION64],
    [8, 0],
    [8, count],
    [8, count],
    [8, size],
    [8, offset],
  );
  const locator64 = numbers([4, SIGNATURE.locator64], [4, 0], [8, offset + size], [4, 1]);
  return Buffer.concat([end64, locator64, end]);
}

const EMPTY = Buffer.alloc(0);

function flagsOf({ streamed }: EntryHeader): number {
  return streamed ? UTF8 | CRC_FOLLOWS : UTF8;
}

function methodOf({ streamed }: EntryHeader): number {
  return streamed ? DEFLATED : STORED;
}

/** Whether the sizes need zip64. The encoded size is never the smaller one. */
function isLarge({ encodedSize }: EntryHeader): boolean {
  return encodedSize >= MAX32;
}

function zip64(values: readonly number[]): Buffer<ArrayBuffer> {
  return numbers([2, 1], [2, 8 * values.length], ...values.map((value) => [8, value] as const));
}

/** The modification time in UTC as 32-bit seconds (Info-ZIP's extra field "UT"); empty when it does not fit. */
function timestamp(modified: Date): Buffer<ArrayBuffer> {
  const seconds = Math.floor(modified.getTime() / 1000);
  if (Math.abs(seconds) >= 2 ** 31) return EMPTY;
  return numbers([2, 0x5455], [2, 5], [1, 1], [4, seconds >>> 0]);
}

/** Local time in steps of two seconds, from 1980 to 2107, as other zip programs write it. Readers of "UT" ignore it. */
function dosTime(modified: Date): number {
  const year = modified.getFullYear() - 1980;
  if (!(year >= 0)) return (1 << 21) | (1 << 16);
  if (year > 127) return 0xff9fbf7d;
  const date = (year << 9) | ((modified.getMonth() + 1) << 5) | modified.getDate();
  const time = (modified.getHours() << 11) | (modified.getMinutes() << 5) | (modified.getSeconds() >> 1);
  return date * 2 ** 16 + time;
}

/** Encodes numbers one after the other, in little-endian order. */
function numbers(
  ...fields: readonly (readonly [width: 1 | 2 | 4 | 8, value: number])[]
): Buffer<ArrayBuffer> {
  const bytes = Buffer.alloc(fields.reduce((sum, [width]) => sum + width, 0));
  let offset = 0;
  for (const [width, value] of fields) {
    if (width === 8) bytes.writeBigUInt64LE(BigInt(value), offset);
    else bytes.writeUIntLE(value, offset, width);
    offset += width;
  }
  return bytes;
}
