// Reads a bbolt file: pages of a B+ tree, little-endian. Everything is bounded, because the file may be damaged or hostile.

/** The file is no bbolt database, or is damaged. The message is for people. */
export class BoltError extends Error {
  override readonly name = "BoltError";
}

/** A key and its value, or the bucket that is stored in its place. Both are views of the file. */
export interface BoltEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly isBucket: boolean;
}

/** Largest file that is read, in bytes: all of it is held in memory. */
export const MAX_FILE = 256 * 2 ** 20;

const MAGIC = 0xed0cdaed;
const VERSION = 2;
const PAGE_HEADER = 16;
const BUCKET_HEADER = 16;
const ELEMENT = 16;
/** Bytes of the meta page's data before its checksum. */
const META = 56;
const BRANCH = 1;
const LEAF = 2;
/** bbolt itself makes pages of the size of the system's, 4 to 64 KiB, and accepts these. */
const MIN_PAGE = 1024;
const MAX_PAGE = 2 ** 24;
/** A branch has two children at least, so this is more than any file can need. */
const MAX_DEPTH = 40;
const MAX_ENTRIES = 1_000_000;

/** One run of pages: a page and those it overflows into, or the page stored inside a bucket's value. */
interface Page {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** A bbolt database that is wholly in memory. */
export class BoltFile {
  readonly #bytes: Uint8Array;
  readonly #pageSize: number;
  readonly #pages: number;
  readonly #root: number;
  /** Pages that were read. A tree has no page twice, so a second visit is a cycle. */
  readonly #visited = new Set<number>();
  #entries = 0;

  /** @throws BoltError */
  constructor(bytes: Uint8Array) {
    if (bytes.length > MAX_FILE)
      throw new BoltError(
        `The file is larger than ${MAX_FILE / 2 ** 20} MiB; compact it with \`bbolt compact\`.`,
      );
    const meta = newestMeta(bytes);
    if (meta === undefined)
      throw new BoltError("The file is not a bbolt database, or both of its meta pages are damaged.");
    this.#bytes = bytes;
    this.#pageSize = meta.getUint32(8, true);
    this.#pages = Math.floor(bytes.length / this.#pageSize);
    this.#root = this.#pageNumber(meta, 16);
  }

  /**
   * The entries of a bucket in the order of their keys; none if there is no such bucket. One bucket must be read to its
   * end before the next, because a page that is met twice in between counts as a cycle.
   * @throws BoltError
   */
  *bucket(name: string): Generator<BoltEntry> {
    const key = new TextEncoder().encode(name);
    this.#visited.clear();
    for (const entry of this.#tree(this.#page(this.#root), 0)) {
      if (!entry.isBucket || Buffer.compare(entry.key, key) !== 0) continue;
      yield* this.#bucketAt(entry.value);
      return;
    }
  }

  #bucketAt(value: Uint8Array): Generator<BoltEntry> {
    if (value.length < BUCKET_HEADER) throw damaged("a bucket is cut short");
    const header = viewOf(value);
    // A small bucket has no page of its own: its only page follows the header.
    const inline = header.getBigUint64(0, true) === 0n;
    const bytes = value.subarray(BUCKET_HEADER);
    if (!inline) return this.#tree(this.#page(this.#pageNumber(header, 0)), 0);
    if (bytes.length < PAGE_HEADER) throw damaged("a bucket is cut short");
    return this.#tree({ bytes, view: viewOf(bytes) }, 0);
  }

  *#tree(page: Page, depth: number): Generator<BoltEntry> {
    const flags = page.view.getUint16(8, true);
    const count = page.view.getUint16(10, true);
    if (flags !== BRANCH && flags !== LEAF) throw damaged(`a page has the unknown type ${flags}`);
    if (PAGE_HEADER + count * ELEMENT > page.bytes.length) throw damaged("a page has more elements than fit");
    if (depth > MAX_DEPTH) throw damaged("the tree is too deep");
    let left = page.bytes.length;
    for (let index = 0; index < count; index++) {
      const at = PAGE_HEADER + index * ELEMENT;
      if (flags === BRANCH) {
        yield* this.#tree(this.#page(this.#pageNumber(page.view, at + 8)), depth + 1);
        continue;
      }
      const start = at + page.view.getUint32(at + 4, true);
      const keySize = page.view.getUint32(at + 8, true);
      const valueSize = page.view.getUint32(at + 12, true);
      // Elements do not share bytes. Without this sum, 65,535 of them could each claim the whole page.
      left -= keySize + valueSize;
      if (left < 0 || start + keySize + valueSize > page.bytes.length)
        throw damaged("an element reaches beyond its page");
      if (++this.#entries > MAX_ENTRIES) throw damaged(`it has more than ${MAX_ENTRIES} entries`);
      yield {
        key: page.bytes.subarray(start, start + keySize),
        value: page.bytes.subarray(start + keySize, start + keySize + valueSize),
        isBucket: (page.view.getUint32(at, true) & 1) === 1,
      };
    }
  }

  /** A page with those it overflows into. */
  #page(number: number): Page {
    const start = number * this.#pageSize;
    const header = viewOf(this.#bytes.subarray(start, start + PAGE_HEADER));
    const length = 1 + header.getUint32(12, true);
    if (number + length > this.#pages) throw damaged(`page ${number} reaches beyond the end`);
    for (let one = number; one < number + length; one++) {
      if (this.#visited.has(one)) throw damaged(`page ${one} is used twice`);
      this.#visited.add(one);
    }
    const bytes = this.#bytes.subarray(start, start + length * this.#pageSize);
    return { bytes, view: viewOf(bytes) };
  }

  #pageNumber(view: DataView, at: number): number {
    const number = view.getBigUint64(at, true);
    if (number < 2n || number >= BigInt(this.#pages)) throw damaged(`page ${number} does not exist`);
    return Number(number);
  }
}

/** The data of the valid meta page with the larger transaction number. bbolt writes them in turn, so one may be half written. */
function newestMeta(bytes: Uint8Array): DataView | undefined {
  // Without the first one, the size of a page, and so the place of the second, is unknown.
  const places = [0];
  for (let size = MIN_PAGE; size <= MAX_PAGE; size *= 2) places.push(size);
  const valid = places.map((place) => metaAt(bytes, place)).filter((meta) => meta !== undefined);
  return valid.toSorted((one, other) => Number(transaction(other) - transaction(one)))[0];
}

function metaAt(bytes: Uint8Array, place: number): DataView | undefined {
  const data = bytes.subarray(place + PAGE_HEADER, place + PAGE_HEADER + META + 8);
  if (data.length < META + 8) return undefined;
  const meta = viewOf(data);
  const size = meta.getUint32(8, true);
  const isPower = (size & (size - 1)) === 0 && size >= MIN_PAGE && size <= MAX_PAGE;
  const isMeta = meta.getUint32(0, true) === MAGIC && meta.getUint32(4, true) === VERSION;
  if (!isMeta || !isPower || (place !== 0 && place !== size)) return undefined;
  return meta.getBigUint64(META, true) === fnv64a(data.subarray(0, META)) ? meta : undefined;
}

function transaction(meta: DataView): bigint {
  return meta.getBigUint64(48, true);
}

/** The hash FNV-1a of 64 bits. */
function fnv64a(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function damaged(how: string): BoltError {
  return new BoltError(`The bbolt file is damaged: ${how}.`);
}
