// Saves a request body that is exactly one file.

import { findRepeated } from "./repeat.ts";
import type { RequestBody } from "./request-body.ts";
import type { SaveResult } from "./saved-file.ts";
import type { UploadRequest } from "./upload-request.ts";
import type { Uploader } from "./uploader.ts";

/**
 * Reads the body to its end and saves it; reads nothing if the same bytes are known to be saved already.
 * @param saving called before storage work during which no byte is read: a search for an earlier upload, and the end
 * @throws Problem; then nothing was published and the temporary file is removed
 */
export async function saveSingleFile(
  uploader: Uploader,
  body: RequestBody,
  intent: Omit<UploadRequest, "networkSeconds" | "capWait">,
  saving: () => void,
): Promise<SaveResult> {
  if (intent.key !== undefined || intent.digests.length > 0) {
    saving();
    const repeated = await findRepeated(uploader, intent);
    if (repeated) return repeated;
  }
  const upload = await uploader.begin({
    ...intent,
    networkSeconds: () => body.waited,
    capWait: body.measureCapWait(),
    stop: (problem) => body.stop(problem),
  });
  try {
    for await (const chunk of body.chunks()) {
      const ready = upload.write(chunk);
      if (ready) await ready;
    }
  } catch (error) {
    await upload.discard(error);
    throw error;
  }
  saving();
  return await upload.finish();
}
