// Uploads that wait, in memory, filled without HTTP.

import { afterEach } from "bun:test";
import { type Creation, Uploads, type WaitingLimits } from "../../src/core/resumable/registry.ts";
import type { Waiting } from "../../src/core/resumable/session.ts";
import { Engine } from "../../src/core/upload/uploader.ts";
import { Problem } from "../../src/errors.ts";
import { checkFilePath } from "../../src/path.ts";
import { type MemoryOptions, MemoryStorage } from "../../src/storage/memory/memory.ts";
import { bodyOf, engineWith } from "./engine.ts";

const opened: Uploads[] = [];
afterEach(async () => {
  for (const uploads of opened.splice(0)) await uploads.close();
});

/** A server's uploads over what an earlier one left. */
export async function open(memory: MemoryOptions = {}, limits: Partial<WaitingLimits> = {}) {
  const { limits: rules } = engineWith();
  const storage = new MemoryStorage(memory);
  const engine = new Engine(storage, rules);
  const uploads = await Uploads.open(engine, { uploadExpiry: 3600, maxWaiting: 10, ...limits });
  opened.push(uploads);
  return { storage, engine, uploads };
}

export const creation = (path: string, more: Partial<Creation> = {}): Creation => ({
  path: checkFilePath(path),
  conflict: "rename",
  size: 6,
  endsByLength: true,
  metadata: "",
  digests: [],
  wanted: null,
  name: path,
  concat: null,
  ...more,
});

export function append(upload: Waiting, offset: number, text: string, ends: boolean | "length" = "length") {
  return upload.append({
    offset,
    size: null,
    bytes: text.length,
    ends,
    checks: [],
    wanted: null,
    spoils: false,
    overflow: () => new Problem("inconsistent_length", "Past the end."),
    mismatch: () => new Problem("offset_mismatch", "Elsewhere."),
    receive: () => ({ body: bodyOf([text]), saving: () => {}, close: () => {} }),
  });
}
