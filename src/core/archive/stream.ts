// Encodes files and folders as the byte stream of an archive, on demand while it is read.

import { Problem } from "../../errors.ts";
import type { StoredFile } from "../../storage/stored-file.ts";
import { TimeSlice } from "../../system/time-slice.ts";
import { type ArchiveEntry, type ArchiveFormat, CHUNK } from "./format.ts";

/** Bytes. A file of up to this size is read into memory when it is prefetched. */
export const SMALL = 2 ** 16;
/** Bytes. Smaller pieces are joined: an archive of empty files is nothing but headers. */
const MIN_PIECE = 2 ** 16;
/** Milliseconds of encoding between two yields to the event loop. */
const SLICE_MS = 5;

/** An entry and its content, which is in memory for a small file. */
export interface Source {
  readonly entry: ArchiveEntry;
  readonly content: Uint8Array<ArrayBuffer> | AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** Closes the file; call it once the content was read. */
  close?(): Promise<void>;
}

/**
 * Reads an open file up to the size it had when it was opened; bytes appended since are not read.
 * @throws Problem storage_failed when the file became shorter
 */
export async function* readChunks(file: StoredFile): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const { size } = file.entry;
  for (let offset = 0; offset < size; offset += CHUNK)
    yield await read(file, offset, Math.min(offset + CHUNK, size));
}

/** Reads a small file. @throws Problem storage_failed when the file became shorter */
export async function readAll(file: StoredFile): Promise<Uint8Array<ArrayBuffer>> {
  return await read(file, 0, file.entry.size);
}

// Not `body.stream()`: while the file is in the page cache, that blocks the thread until the whole file is read.
async function read({ entry, body }: StoredFile, from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
  if (from === to) return new Uint8Array();
  const bytes = await body
    .slice(from, to)
    .bytes()
    .catch((cause: unknown) => {
      throw new Problem("storage_failed", `The file \`${entry.path}\` cannot be read.`, { cause });
    });
  if (bytes.length === to - from) return bytes;
  throw new Problem(
    "storage_failed",
    `The file \`${entry.path}\` became shorter while it was added to the archive.`,
  );
}

/** Yields the archive piece by piece. Leaving the loop closes `sources`. @throws Problem storage_failed, … */
export async function* encode(
  format: ArchiveFormat,
  sources: AsyncIterable<Source | null>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  for await (const source of sources) {
    if (source === null) continue;
    const { entry, content } = source;
    if (content instanceof Uint8Array) {
      yield format.begin(entry, content);
      yield content;
    } else {
      yield format.begin(entry);
      for await (const chunk of content) yield format.update(chunk);
    }
    yield format.end();
  }
  yield* format.finish();
}

/** The number of bytes that `encode` yields for these entries. */
export function encodedSize(format: ArchiveFormat, entries: readonly ArchiveEntry[]): number {
  let size = 0;
  for (const entry of entries) {
    if (entry.size <= SMALL) size += format.begin(entry, new Uint8Array()).length + entry.size;
    else size += format.begin(entry).length + format.encodedLength(entry.size);
    size += format.end().length;
  }
  for (const piece of format.finish()) size += piece.length;
  return size;
}

/** Joins small pieces, so that each is worth a write, and yields to the event loop between them. */
export async function* coalesce(
  pieces: AsyncIterable<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  let pending: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const slice = new TimeSlice(SLICE_MS);
  for await (const piece of pieces) {
    pending.push(piece);
    size += piece.length;
    if (slice.expired) await slice.yield();
    if (size < MIN_PIECE) continue;
    // A large piece is not copied.
    if (piece.length >= MIN_PIECE) {
      if (size > piece.length) yield Buffer.concat(pending.slice(0, -1));
      yield piece;
    } else yield Buffer.concat(pending);
    pending = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(pending);
}
