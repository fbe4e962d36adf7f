// The tar format: ustar headers, plus pax headers for values that do not fit (POSIX.1-2008, pax, "pax Interchange Format").

import type { ArchiveEntry, ArchiveFormat } from "./format.ts";

const BLOCK = 512;
/** The largest number of eleven octal digits. */
const MAX_OCTAL = 0o77777777777;
const MODES = { file: 0o644, folder: 0o755 } as const;
const TYPES = { file: "0", folder: "5", pax: "x" } as const;

export class Tar implements ArchiveFormat {
  /** Bytes of the current entry. */
  #size = 0;

  begin(entry: ArchiveEntry): Uint8Array<ArrayBuffer> {
    this.#size = entry.size;
    const name = Buffer.from(entry.kind === "folder" ? `${entry.name}/` : entry.name);
    const seconds = Math.floor(entry.modified.getTime() / 1000);
    const fields = { mode: MODES[entry.kind], size: entry.size, seconds, type: TYPES[entry.kind] };
    const records = Buffer.from(paxRecords(entry, name));
    if (records.length === 0) return header(name, fields);
    const pax = { ...fields, mode: MODES.file, size: records.length, type: TYPES.pax };
    return Buffer.concat([
      header(Buffer.from("pax"), pax),
      records,
      padding(records.length),
      header(name, fields),
    ]);
  }

  update(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    return bytes;
  }

  encodedLength(size: number): number {
    return size;
  }

  end(): Uint8Array<ArrayBuffer> {
    return padding(this.#size);
  }

  *finish(): Generator<Uint8Array<ArrayBuffer>, void, void> {
    yield Buffer.alloc(2 * BLOCK);
  }
}

/** The values that do not fit a ustar header: long or non-ASCII names, sizes from 8 GiB on, fractions of a second, times out of range. */
function paxRecords({ size, modified }: ArchiveEntry, name: Buffer<ArrayBuffer>): string {
  let records = "";
  const time = modified.getTime();
  if (name.length > 100 || name.some((byte) => byte > 0x7f)) records += record("path", name.toString());
  if (size > MAX_OCTAL) records += record("size", String(size));
  if (time % 1000 !== 0 || time < 0 || time / 1000 > MAX_OCTAL)
    records += record("mtime", String(time / 1000));
  return records;
}

/** A pax record, `length keyword=value\n`; the length includes its own digits. */
function record(keyword: string, value: string): string {
  const text = ` ${keyword}=${value}\n`;
  const bytes = Buffer.byteLength(text);
  const digits = String(bytes + String(bytes).length).length;
  return `${bytes + digits}${text}`;
}

function header(
  name: Buffer<ArrayBuffer>,
  fields: { mode: number; size: number; seconds: number; type: string },
): Buffer<ArrayBuffer> {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, offset: number, digits: number): void => {
    block.write(value.toString(8).padStart(digits, "0"), offset, digits, "latin1");
  };
  name.copy(block, 0, 0, 100);
  octal(fields.mode, 100, 7);
  // The owner is not disclosed: uid and gid are 0, which only root can restore.
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(Math.min(fields.size, MAX_OCTAL), 124, 11);
  octal(Math.min(Math.max(fields.seconds, 0), MAX_OCTAL), 136, 11);
  block.write(fields.type, 156, "latin1");
  block.write("ustar\u000000", 257, "latin1");
  // The checksum is computed with eight spaces in its field.
  block.fill(" ", 148, 156, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

function padding(size: number): Buffer<ArrayBuffer> {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}
