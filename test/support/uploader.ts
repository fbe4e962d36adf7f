// An uploader on in-memory storage, with upload options and bodies, for testing uploads without HTTP.

import { RequestBody, type RequestBodyOptions } from "../../src/core/upload/request-body.ts";
import type { Limits, UploadRequest } from "../../src/core/upload/upload-request.ts";
import { Uploader } from "../../src/core/upload/uploader.ts";
import { checkFilePath, type FilePath } from "../../src/path.ts";
import { type MemoryOptions, MemoryStorage } from "../../src/storage/memory/memory.ts";

export type Bytes = Uint8Array<ArrayBuffer>;

/** An uploader that by default grants everything and limits nothing. */
export function uploaderWith(
  limits: Partial<Limits> = {},
  memory: MemoryOptions = {},
): Uploader & { storage: MemoryStorage } {
  const storage = new MemoryStorage(memory);
  const uploader = new Uploader(storage, {
    maxFileSize: Number.MAX_SAFE_INTEGER,
    maxUploads: 1000,
    maxUploadsPerClient: 1000,
    keepFree: 0,
    ...limits,
  });
  return Object.assign(uploader, { storage });
}

/** The upload options of a plain PUT. */
export function requestFor(path: string, more: Partial<UploadRequest> = {}): UploadRequest {
  return {
    path: checkFilePath(path),
    conflict: "replace",
    may: { replace: true, read: true },
    size: undefined,
    conditions: {},
    digests: [],
    wantedDigest: null,
    id: path,
    networkSeconds: () => 0,
    ...more,
  };
}

export const bytesOf = (content: string | number): Bytes =>
  typeof content === "number" ? new Uint8Array(content) : new Uint8Array(Buffer.from(content));

/** A body with these chunks. A function in the list is called and awaited when it is reached. */
export function bodyOf(
  chunks: Iterable<string | number | Bytes | (() => unknown)>,
  options: Partial<RequestBodyOptions> = {},
): RequestBody {
  const left = chunks[Symbol.iterator]();
  const stream = new ReadableStream<Bytes>({
    async pull(controller) {
      for (;;) {
        const { done, value } = left.next();
        if (done) return controller.close();
        if (typeof value === "function") await value();
        else return controller.enqueue(value instanceof Uint8Array ? value : bytesOf(value));
      }
    },
  });
  return new RequestBody(stream, { idleTimeout: 60, ...options });
}

/** The text of a saved file, `null` if it does not exist. */
export async function textOf(storage: MemoryStorage, path: string): Promise<string | null> {
  const target: FilePath = checkFilePath(path);
  if ((await storage.find(target)) === null) return null;
  const { body, close } = await storage.open(target);
  return await body.text().finally(close);
}

/** The paths of all entries in a storage. */
export function pathsIn(storage: MemoryStorage): string[] {
  return [...storage.contents.files.keys()].sort();
}
