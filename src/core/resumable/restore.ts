// Restores the resumable uploads of earlier runs from their metadata in the storage.

import type { Storage } from "../../storage/storage.ts";
import type { UploadId } from "../../storage/upload-id.ts";
import type { UploadSession } from "./session.ts";
import { parseUploadState, type UploadState } from "./state/record.ts";

/**
 * Reads the sessions that are not known yet, oldest first.
 * @param open makes a session of its state and the number of bytes stored
 * @throws Problem
 */
export async function restoreSessions(
  storage: Storage,
  isKnown: (id: UploadId) => boolean,
  open: (record: UploadState, length: number) => UploadSession,
): Promise<UploadSession[]> {
  const restored: UploadSession[] = [];
  for await (const { id, text, length, changed } of storage.partialUploads()) {
    const record = parseUploadState(id, text);
    // It stays on the disk: a newer version of the server may be able to read it.
    if (record === null || isKnown(id)) continue;
    // Read before the session is made, which counts as activity.
    const active = Math.min(record.active, storage.age);
    const upload = open(record, length);
    upload.activity.touch(changed.getTime(), active);
    restored.push(upload);
    // A crash may have come after the metadata was written but before the bytes were deleted.
    if (upload.settled && length > 0)
      await storage.releaseData(id).catch(() => {
        // They are deleted with the upload when it expires.
      });
  }
  return restored.sort((one, other) => one.record.created - other.record.created);
}
