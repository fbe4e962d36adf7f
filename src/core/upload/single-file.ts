// A body that is one file: every byte of it goes to the uploader.

import type { RequestBody } from "./request-body.ts";
import type { SaveResult } from "./saved-file.ts";
import type { UploadRequest } from "./upload-request.ts";
import type { Uploader } from "./uploader.ts";

/**
 * Reads the body to its end and saves it.
 * @param saving called when the last byte arrived and only this server is still at work
 * @throws Problem; then nothing was published and nothing is left
 */
export async function saveSingleFile(
  uploader: Uploader,
  body: RequestBody,
  intent: Omit<UploadRequest, "networkSeconds">,
  saving: () => void,
): Promise<SaveResult> {
  const upload = await uploader.begin({ ...intent, networkSeconds: () => body.waited });
  try {
    for await (const chunk of body.chunks()) {
      const room = upload.write(chunk);
      if (room) await room;
    }
  } catch (error) {
    await upload.discard(error);
    throw error;
  }
  saving();
  return await upload.finish();
}
