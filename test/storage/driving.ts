// Driving a storage in tests: whole uploads in one call, and how calls fail.

import { Problem, type ProblemCode } from "../../src/errors.ts";
import { checkFilePath, type FolderPath } from "../../src/path.ts";
import type { Entry } from "../../src/storage/entry.ts";
import type { Published, Storage, StoredFile } from "../../src/storage/storage.ts";
import { newUploadId, type UploadId } from "../../src/storage/upload-id.ts";
import { chunksOf, KIB } from "./bytes.ts";

export { checkFilePath as file, checkFolderPath as folder } from "../../src/path.ts";

/** Text as bytes. */
export const text = (content: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(content);

/** Everything in a folder, in the order of its names. */
export const entriesIn = async (storage: Storage, folder: FolderPath): Promise<Entry[]> =>
  (await Array.fromAsync(storage.scan(folder))).flat();

/** The paths of entries, sorted. */
export const pathsOf = (entries: Entry[]): string[] => entries.map(({ path }) => path).sort();

/** The code of the problem that a promise fails with; anything else it does is shown as it is. */
export async function codeOf(promise: Promise<unknown>): Promise<ProblemCode | unknown> {
  try {
    return { resolved: await promise };
  } catch (error) {
    return error instanceof Problem ? error.code : error;
  }
}

/** Appends everything, waiting when asked to. */
export async function fill(
  upload: { append(chunk: Uint8Array<ArrayBuffer>): Promise<void> | undefined },
  chunks: Iterable<Uint8Array<ArrayBuffer>>,
): Promise<void> {
  for (const chunk of chunks) {
    const room = upload.append(chunk);
    if (room) await room;
  }
}

/** Begins, fills and finishes in one go. */
export async function put(
  storage: Storage,
  path: string,
  content: string,
  replace = false,
): Promise<Published> {
  const upload = await storage.begin(checkFilePath(path));
  try {
    await fill(upload, [text(content)]);
    return await upload.finish(checkFilePath(path), { replace });
  } catch (error) {
    await upload.discard();
    throw error;
  }
}

/** What a file holds. */
export async function contentOf(storage: Storage, path: string): Promise<string> {
  return await reading(storage, path, ({ body }) => body.text());
}

/** Opens a file, and closes it when it was read. */
export async function reading<T>(
  storage: Storage,
  path: string,
  read: (opened: StoredFile) => T | Promise<T>,
): Promise<T> {
  const opened = await storage.open(checkFilePath(path));
  try {
    return await read(opened);
  } finally {
    await opened.close();
  }
}

/** A kept upload with a note, these bytes, and nobody who fills it. */
export async function waiting(storage: Storage, content: Uint8Array<ArrayBuffer>): Promise<UploadId> {
  const id = newUploadId();
  const upload = await storage.begin(checkFilePath("target"), id);
  await storage.writeMetadata(id, "note");
  await fill(upload, chunksOf(content, 64 * KIB));
  await upload.suspend();
  return id;
}
