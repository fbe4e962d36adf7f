// Encodes files and folders as a byte stream, on demand while it is read.

import { Problem } from "../../errors.ts";
import type { StoredFile } from "../../storage/storage.ts";
import { TimeSlice } from "../../system/time-slice.ts";
import type { ArchiveEntry, ArchiveFormat } from "./format.ts";

/** Bytes read at once. */
const SLICE = 2 ** 18;
/** A file of no more bytes is read before its turn. */
export const SMALL = 2 ** 16;
/** Smaller pieces are sent together: an archive of empty files is nothing but headers. */
const LEAST = 2 ** 16;
/** Milliseconds of packing between two yields to the event loop. */
const SLICE_MS = 5;

/** A member with its bytes: all of them where they are few. */
export interface Source {
  readonly member: ArchiveEntry;
  readonly bytes: Uint8Array<ArrayBuffer> | AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** To be called when its turn is over. */
  close?(): Promise<void>;
}

/**
 * The bytes of an open file, as many as it had when it was opened: what it grew by since is not read.
 * @throws Problem storage_failed when it has become shorter
 */
export async function* encodeEntry(file: StoredFile): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const { size } = file.entry;
  for (let at = 0; at < size; at += SLICE) yield await read(file, at, Math.min(at + SLICE, size));
}

/** All bytes of a small file. @throws Problem storage_failed when it has become shorter */
export async function readAll(file: StoredFile): Promise<Uint8Array<ArrayBuffer>> {
  return await read(file, 0, file.entry.size);
}

// Not `body.stream()`: while the system has the file in memory, that keeps the thread for whole files.
async function read({ entry, body }: StoredFile, from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
  if (from === to) return new Uint8Array();
  const bytes = await body
    .slice(from, to)
    .bytes()
    .catch((cause: unknown) => {
      throw new Problem("storage_failed", `The file \`${entry.path}\` cannot be read.`, { cause });
    });
  if (bytes.length === to - from) return bytes;
  throw new Problem("storage_failed", `The file \`${entry.path}\` has become shorter while it was packed.`);
}

/** The archive, piece by piece. Whoever leaves the loop, or fails within it, ends `sources` too. */
export async function* encode(
  packer: ArchiveFormat,
  sources: AsyncIterable<Source | null>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  for await (const source of sources) {
    if (source === null) continue;
    const { member, bytes } = source;
    if (bytes instanceof Uint8Array) {
      yield packer.begin(member, bytes);
      yield bytes;
    } else {
      yield packer.begin(member);
      for await (const some of bytes) {
        packer.take(some);
        yield some;
      }
    }
    yield packer.end();
  }
  yield* packer.finish();
}

/** How many bytes `packed` makes of these members. */
export function encodedSize(packer: ArchiveFormat, members: readonly ArchiveEntry[]): number {
  let size = 0;
  for (const member of members) {
    size += packer.begin(member, member.size <= SMALL ? new Uint8Array() : undefined).length + member.size;
    size += packer.end().length;
  }
  for (const piece of packer.finish()) size += piece.length;
  return size;
}

/** The same bytes in pieces that are worth a write, letting others have their turn. */
export async function* coalesce(
  pieces: AsyncIterable<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  let waiting: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const slice = new TimeSlice(SLICE_MS);
  for await (const piece of pieces) {
    waiting.push(piece);
    size += piece.length;
    if (slice.expired) {
      await slice.yield();
    }
    if (size < LEAST) continue;
    // A large piece is not copied.
    if (piece.length >= LEAST) {
      if (size > piece.length) yield Buffer.concat(waiting.slice(0, -1));
      yield piece;
    } else yield Buffer.concat(waiting);
    waiting = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(waiting);
}
