// Makes one upload of the parts that were sent beside each other.

import { Problem } from "../../errors.ts";
import type { UploadId } from "../../storage/upload-id.ts";
import { addTimings, NO_TIMINGS, scaleTimings, type Timings } from "../report/flow-report.ts";
import type { UploadSession } from "./session.ts";

/**
 * Makes a final upload a file when all its parts are complete; until then it does nothing. The bytes of the parts are
 * copied by the storage, and given up when they are a part of the file.
 * @param find an upload by its id
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
      throw new Problem("upload_gone", "A part of this upload is gone: send it again.");
    });
    if (!parts.every((part) => part.complete)) return;
    upload.record.measured = together([...new Set(parts)]);
    const release = upload.uploader.admit();
    const size = parts.reduce((sum, part) => sum + part.length, 0);
    try {
      await upload.finish(size, async (kept) => {
        // A crash may have left some of it.
        await kept.truncate(0);
        await kept.appendFrom(parts.map((part) => part.record.id));
      });
    } finally {
      release();
    }
    // Beside each other: removing gigabytes takes its time.
    const used = [...new Set(parts)].map((part) =>
      part.markConcatenated().catch(() => {
        // It was cancelled meanwhile, or the storage fails: it expires.
      }),
    );
    await Promise.all(used);
  });
}

/** What was measured of the parts. Those that arrived beside each other took no longer than from the first to the last. */
function together(parts: readonly UploadSession[]): Timings {
  const sum = parts.map(({ record }) => record.measured).reduce(addTimings, NO_TIMINGS);
  const began = Math.min(...parts.map(({ record }) => record.created));
  const ended = Math.max(...parts.map(({ lastActivity: touched }) => touched));
  const seconds = Math.max(0, ended - began) / 1000;
  return sum.seconds > seconds ? scaleTimings(sum, seconds / sum.seconds) : sum;
}
