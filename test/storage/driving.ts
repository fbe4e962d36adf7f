// Storage helpers for tests: complete uploads in one call, and codes of failures.

import { Problem, type ProblemCode } from "../../src/errors.ts";
import { checkFilePath, type FolderPath } from "../../src/path.ts";
import type { Entry } from "../../src/storage/entry.ts";
import type { Published, Storage } from "../../src/storage/storage.ts";
import type { StoredFile } from "../../src/storage/stored-file.ts";
import { newUploadId, type UploadId } from "../../src/storage/upload-id.ts";
import { chunksOf, KIB } from "./bytes.ts";

export { checkFilePath as file, checkFolderPath as folder } from "../../src/path.ts";

/** Text as bytes. */
export const text = (content: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(content);

/** All entries of a folder, by name. */
export const entriesIn = async (storage: Storage, folder: FolderPath): Promise<Entry[]> =>
  (await Array.fromAsync(storage.scan(folder))).flat();

/** The paths of entries, sorted. */
export const pathsOf = (entries: Entry[]): string[] => entries.map(({ path }) => path).sort();

/** The code of the problem with which a promise is rejected; other results are returned unchanged. */
export async function codeOf(promise: Promise<unknown>): Promise<ProblemCode | unknown> {
  try {
    return { resolved: await promise };
  } catch (error) {
    return error instanceof Problem ? error.code : error;
  }
}

/** Appends all chunks, and waits if the storage requests it. */
export async function fill(
  upload: { append(chunk: Uint8Array<ArrayBuffer>): Promise<void> | undefined },
  chunks: Iterable<Uint8Array<ArrayBuffer>>,
): Promise<void> {
  for (const chunk of chunks) {
    const room = upload.append(chunk);
    if (room) await room;
  }
}

/** Begins, appends and finishes in one call. */
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

/** Reads a file. */
export async function contentOf(storage: Storage, path: string): Promise<string> {
  return await reading(storage, path, ({ body }) => body.text());
}

/** Opens a file, and closes it after reading. */
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

/** A suspended partial upload with metadata and these bytes. */
export async function waiting(storage: Storage, content: Uint8Array<ArrayBuffer>): Promise<UploadId> {
  const id = newUploadId();
  const upload = await storage.begin(checkFilePath("target"), id);
  await storage.writeMetadata(id, "note");
  await fill(upload, chunksOf(content, 64 * KIB));
  await upload.suspend();
  return id;
}
