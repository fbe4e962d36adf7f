// The records of a zip file, byte by byte (APPNOTE 6.3.10 section 4.3): zip64 where it is needed, names in UTF-8.

const SIGNATURE = {
  file: 0x04034b50,
  descriptor: 0x08074b50,
  directory: 0x02014b50,
  end: 0x06054b50,
  end64: 0x06064b50,
  locator64: 0x07064b50,
} as const;

/** Bits of a member's flags (4.4.4). */
const CRC_FOLLOWS = 1 << 3;
const UTF8 = 1 << 11;
/** The version of the format that a reader needs: for folders, for zip64. */
const VERSION = 20;
const VERSION64 = 45;
/** Made by Unix, so that the modes count. */
const MADE_BY = (3 << 8) | VERSION64;
/** Modes of Unix in the upper half, attributes of DOS in the lower. */
const ATTRIBUTES = { file: 0o100644 * 2 ** 16, folder: 0o40755 * 2 ** 16 + 0x10 } as const;
/** In place of a number that does not fit: it is in the zip64 field. */
const MOST16 = 0xffff;
const MOST32 = 0xffffffff;

/** What is told of a member. */
export interface EntryHeader {
  /** A folder's ends with a slash. */
  name: Buffer<ArrayBuffer>;
  kind: "file" | "folder";
  size: number;
  modified: Date;
  /** Where its first record stands. */
  offset: number;
  crc: number;
  /** Whether the CRC is told behind the bytes. */
  crcFollows: boolean;
}

/** Before the bytes. Their size is always told here, as Info-ZIP does, so that a reader that cannot seek finds their end. */
export function fileHeader(told: EntryHeader): Buffer<ArrayBuffer> {
  const { name, size, modified, crc, crcFollows } = told;
  const large = size >= MOST32;
  const extra = Buffer.concat([large ? zip64([size, size]) : NOTHING, timestamp(modified)]);
  const head = numbers(
    [4, SIGNATURE.file],
    [2, large ? VERSION64 : VERSION],
    [2, flagsOf(told)],
    [2, 0],
    [4, dosTime(modified)],
    [4, crcFollows ? 0 : crc],
    [4, Math.min(size, MOST32)],
    [4, Math.min(size, MOST32)],
    [2, name.length],
    [2, extra.length],
  );
  return Buffer.concat([head, name, extra]);
}

/** Behind the bytes (4.3.9), when the CRC was not known before them. */
export function descriptor({ size, crc, crcFollows }: EntryHeader): Buffer<ArrayBuffer> {
  if (!crcFollows) return NOTHING;
  const width = size >= MOST32 ? 8 : 4;
  return numbers([4, SIGNATURE.descriptor], [4, crc], [width, size], [width, size]);
}

/** In the directory at the end (4.3.12). */
export function directoryRecord(told: EntryHeader): Buffer<ArrayBuffer> {
  const { name, kind, size, modified, offset, crc } = told;
  const large = [...(size >= MOST32 ? [size, size] : []), ...(offset >= MOST32 ? [offset] : [])];
  const extra = Buffer.concat([large.length > 0 ? zip64(large) : NOTHING, timestamp(modified)]);
  const head = numbers(
    [4, SIGNATURE.directory],
    [2, MADE_BY],
    [2, large.length > 0 ? VERSION64 : VERSION],
    [2, flagsOf(told)],
    [2, 0],
    [4, dosTime(modified)],
    [4, crc],
    [4, Math.min(size, MOST32)],
    [4, Math.min(size, MOST32)],
    [2, name.length],
    [2, extra.length],
    [2, 0],
    [2, 0],
    [2, 0],
    [4, ATTRIBUTES[kind]],
    [4, Math.min(offset, MOST32)],
  );
  return Buffer.concat([head, name, extra]);
}

/** The very end (4.3.14 to 4.3.16). */
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
    [2, Math.min(count, MOST16)],
    [2, Math.min(count, MOST16)],
    [4, Math.min(size, MOST32)],
    [4, Math.min(offset, MOST32)],
    [2, 0],
  );
  if (count < MOST16 && size < MOST32 && offset < MOST32) return end;
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

const NOTHING = Buffer.alloc(0);

function flagsOf({ crcFollows }: EntryHeader): number {
  return crcFollows ? UTF8 | CRC_FOLLOWS : UTF8;
}

function zip64(values: readonly number[]): Buffer<ArrayBuffer> {
  return numbers([2, 1], [2, 8 * values.length], ...values.map((value) => [8, value] as const));
}

/** The time in UTC, as seconds of 32 bits (Info-ZIP's field "UT"); none where it does not fit. */
function timestamp(modified: Date): Buffer<ArrayBuffer> {
  const seconds = Math.floor(modified.getTime() / 1000);
  if (Math.abs(seconds) >= 2 ** 31) return NOTHING;
  return numbers([2, 0x5455], [2, 5], [1, 1], [4, seconds >>> 0]);
}

/** Local time in steps of two seconds from 1980 to 2107, as everyone writes it; a reader of "UT" does not look at it. */
function dosTime(modified: Date): number {
  const year = modified.getFullYear() - 1980;
  if (!(year >= 0)) return (1 << 21) | (1 << 16);
  if (year > 127) return 0xff9fbf7d;
  const date = (year << 9) | ((modified.getMonth() + 1) << 5) | modified.getDate();
  const time = (modified.getHours() << 11) | (modified.getMinutes() << 5) | (modified.getSeconds() >> 1);
  return date * 2 ** 16 + time;
}

/** Numbers one after the other, the lowest byte first. */
function numbers(
  ...fields: readonly (readonly [width: 1 | 2 | 4 | 8, value: number])[]
): Buffer<ArrayBuffer> {
  const bytes = Buffer.alloc(fields.reduce((sum, [width]) => sum + width, 0));
  let at = 0;
  for (const [width, value] of fields) {
    if (width === 8) bytes.writeBigUInt64LE(BigInt(value), at);
    else bytes.writeUIntLE(value, at, width);
    at += width;
  }
  return bytes;
}
