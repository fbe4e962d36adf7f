// Resumable uploads on in-memory storage, appended to without HTTP.

import { afterEach } from "bun:test";
import { append as appendTo } from "../../src/core/resumable/append.ts";
import { type SessionLimits, UploadRegistry } from "../../src/core/resumable/registry.ts";
import type { UploadSession } from "../../src/core/resumable/session.ts";
import type { SessionOptions } from "../../src/core/resumable/state/creation.ts";
import { Uploader } from "../../src/core/upload/uploader.ts";
import { Problem } from "../../src/errors.ts";
import { checkFilePath } from "../../src/path.ts";
import { type MemoryOptions, MemoryStorage } from "../../src/storage/memory/memory.ts";
import { bodyOf, uploaderWith } from "./uploader.ts";

const opened: UploadRegistry[] = [];
afterEach(async () => {
  for (const uploads of opened.splice(0)) await uploads.close();
});

/** Opens an upload registry on a storage that may contain the uploads of an earlier server. */
export async function open(memory: MemoryOptions = {}, limits: Partial<SessionLimits> = {}) {
  const { limits: rules } = uploaderWith();
  const storage = new MemoryStorage(memory);
  const uploader = new Uploader(storage, rules);
  const uploads = await UploadRegistry.open(uploader, { uploadExpiry: 3600, maxWaiting: 10, ...limits });
  opened.push(uploads);
  return { storage, uploader, uploads };
}

export const creation = (path: string, more: Partial<SessionOptions> = {}): SessionOptions => ({
  path: checkFilePath(path),
  conflict: "rename",
  may: { replace: true, read: true },
  maker: "anyone",
  size: 6,
  endsByLength: true,
  metadata: "",
  modified: null,
  digests: [],
  wanted: null,
  name: path,
  client: null,
  concat: null,
  ...more,
});

export function append(
  upload: UploadSession,
  offset: number,
  text: string,
  ends: boolean | "length" = "length",
) {
  return appendTo(upload, {
    offset,
    size: null,
    bytes: text.length,
    ends,
    checks: [],
    wanted: null,
    overflowInvalidates: false,
    overflow: () => new Problem("inconsistent_length", "Past the end."),
    mismatch: () => new Problem("offset_mismatch", "Elsewhere."),
    receive: () => ({ body: bodyOf([text]), saving: () => {}, close: () => {} }),
  });
}
