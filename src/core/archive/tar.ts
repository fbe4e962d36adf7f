// The format tar: ustar headers, and pax headers for what they cannot say (POSIX.1-2008, pax, "pax Interchange Format").

import type { ArchiveEntry, ArchiveFormat } from "./format.ts";

const BLOCK = 512;
/** The largest number in eleven octal digits. */
const MOST = 0o77777777777;
const MODES = { file: 0o644, folder: 0o755 } as const;
const TYPES = { file: "0", folder: "5", pax: "x" } as const;

export class Tar implements ArchiveFormat {
  #size = 0;

  begin(member: ArchiveEntry): Uint8Array<ArrayBuffer> {
    this.#size = member.size;
    const name = Buffer.from(member.kind === "folder" ? `${member.name}/` : member.name);
    const seconds = Math.floor(member.modified.getTime() / 1000);
    const facts = { mode: MODES[member.kind], size: member.size, seconds, type: TYPES[member.kind] };
    const records = Buffer.from(recordsOf(member, name));
    if (records.length === 0) return header(name, facts);
    const pax = { ...facts, mode: MODES.file, size: records.length, type: TYPES.pax };
    return Buffer.concat([
      header(Buffer.from("pax"), pax),
      records,
      padding(records.length),
      header(name, facts),
    ]);
  }

  take(): void {}

  end(): Uint8Array<ArrayBuffer> {
    return padding(this.#size);
  }

  *finish(): Generator<Uint8Array<ArrayBuffer>, void, void> {
    yield Buffer.alloc(2 * BLOCK);
  }
}

/** What the ustar header cannot say: names that are long or not ASCII, sizes from 8 GiB on, parts of a second, times far away. */
function recordsOf({ size, modified }: ArchiveEntry, name: Buffer<ArrayBuffer>): string {
  let records = "";
  const time = modified.getTime();
  if (name.length > 100 || name.some((byte) => byte > 0x7f)) records += record("path", name.toString());
  if (size > MOST) records += record("size", String(size));
  if (time % 1000 !== 0 || time < 0 || time / 1000 > MOST) records += record("mtime", String(time / 1000));
  return records;
}

/** `length keyword=value\n`, where the length counts itself. */
function record(keyword: string, value: string): string {
  const rest = ` ${keyword}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  const digits = String(bytes + String(bytes).length).length;
  return `${bytes + digits}${rest}`;
}

function header(
  name: Buffer<ArrayBuffer>,
  facts: { mode: number; size: number; seconds: number; type: string },
): Buffer<ArrayBuffer> {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, digits: number): void => {
    block.write(value.toString(8).padStart(digits, "0"), at, digits, "latin1");
  };
  name.copy(block, 0, 0, 100);
  octal(facts.mode, 100, 7);
  // The owner is nobody's business: root, which only root can restore.
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(Math.min(facts.size, MOST), 124, 11);
  octal(Math.min(Math.max(facts.seconds, 0), MOST), 136, 11);
  block.write(facts.type, 156, "latin1");
  block.write("ustar\u000000", 257, "latin1");
  // The checksum is made with eight spaces in its place.
  block.fill(" ", 148, 156, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

function padding(size: number): Buffer<ArrayBuffer> {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}
