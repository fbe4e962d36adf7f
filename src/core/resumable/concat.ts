// Concatenates partial uploads, which may be sent concurrently, into one file.

import { Problem } from "../../errors.ts";
import type { UploadId } from "../../storage/upload-id.ts";
import { addTimings, NO_TIMINGS, scaleTimings, type Timings } from "../report/flow-report.ts";
import type { UploadSession } from "./session.ts";

/**
 * Publishes a final upload once all its parts are complete; until then it does nothing. The storage copies the bytes of
 * the parts, which are deleted once the file is published.
 * @param find returns the upload with this id
 * @throws Problem upload_gone when a part is gone, too_many_uploads, file_too_large, storage_full, name_taken, …
 */
export async function concatenate(
  upload: UploadSession,
  find: (id: UploadId) => UploadSession | undefined,
): Promise<void> {
  await upload.withLock(async () => {
    const { concat } = upload.record;
    if (concat?.kind !== "final") return;
    const parts = concat.parts.map((id) => {
      const part = find(id);
      const { concat, spoiled } = part?.record ?? {};
      if (part && concat?.kind === "partial" && !concat.used && !spoiled) return part;
      throw new Problem("upload_gone", "A part of this upload no longer exists. Upload all parts again.");
    });
    if (!parts.every((part) => part.complete)) return;
    upload.record.measured = combineTimings([...new Set(parts)]);
    const release = upload.uploader.admit();
    const size = parts.reduce((sum, part) => sum + part.length, 0);
    try {
      await upload.finish(size, async (partial) => {
        // A crash may have left bytes of an earlier attempt.
        await partial.truncate(0);
        await partial.appendFrom(parts.map((part) => part.record.id));
      });
    } finally {
      release();
    }
    // Concurrently, because deleting gigabytes takes time.
    const deletions = [...new Set(parts)].map((part) =>
      part.markConcatenated().catch(() => {
        // The part was cancelled in between or the storage failed: it will expire.
      }),
    );
    await Promise.all(deletions);
  });
}

/** The summed timings of the parts, scaled down to the elapsed time if they arrived concurrently. */
function combineTimings(parts: readonly UploadSession[]): Timings {
  const sum = parts.map(({ record }) => record.measured).reduce(addTimings, NO_TIMINGS);
  const began = Math.min(...parts.map(({ record }) => record.created));
  const ended = Math.max(...parts.map(({ activity }) => activity.last));
  const seconds = Math.max(0, ended - began) / 1000;
  return sum.seconds > seconds ? scaleTimings(sum, seconds / sum.seconds) : sum;
}
