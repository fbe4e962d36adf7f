// Helpers for partial uploads in contract tests.

import { expect } from "bun:test";
import type { PartialMetadata, PartialUpload } from "../../../src/storage/storage.ts";
import { newUploadId, type UploadId } from "../../../src/storage/upload-id.ts";
import { chunksOf, difference, KIB } from "../bytes.ts";
import { file, fill, reading } from "../driving.ts";
import type { Current } from "./current.ts";

/** Operations on partial uploads of the running test's storage. */
export function waitingUploads(current: Current) {
  const begin = (id: UploadId): Promise<PartialUpload> => current.storage.begin(file("target"), id);

  async function resume(id: UploadId): Promise<PartialUpload> {
    const upload = await current.storage.resume(id);
    if (!upload) throw new Error("The upload does not exist.");
    return upload;
  }

  /** The metadata of all uploads, sorted. */
  async function notes(): Promise<PartialMetadata[]> {
    const all = await Array.fromAsync(current.storage.partialUploads());
    return all.sort((one, other) => one.text.localeCompare(other.text));
  }

  /** Creates a suspended partial upload with these bytes. */
  async function waiting(content: Uint8Array<ArrayBuffer>, note: string | null = "note"): Promise<UploadId> {
    const id = newUploadId();
    const upload = await begin(id);
    if (note !== null) await current.storage.writeMetadata(id, note);
    await fill(upload, chunksOf(content, 64 * KIB));
    await upload.suspend();
    return id;
  }

  /** Finishes an upload, compares its bytes, deletes its data, and compares again. */
  async function expectFinished(upload: PartialUpload, expected: Uint8Array, path = "file"): Promise<void> {
    expect(upload.length).toBe(expected.length);
    const { entry } = await upload.finish(file(path), { replace: true });
    expect(entry.size).toBe(expected.length);
    expect(upload.saved).toBe(expected.length);
    expect(difference(await reading(current.storage, path, ({ body }) => body.bytes()), expected)).toBeNull();
    await current.storage.deletePartial(upload.id);
    expect(difference(await reading(current.storage, path, ({ body }) => body.bytes()), expected)).toBeNull();
  }

  return { begin, resume, notes, waiting, expectFinished };
}
