// A body that is one file: every byte of it goes to the engine.

import type { Body } from "./request-body.ts";
import type { Outcome } from "./upload.ts";
import type { Engine, Intent } from "./uploader.ts";

/**
 * Reads the body to its end and saves it.
 * @param saving called when the last byte arrived and only this server is still at work
 * @throws Problem; then nothing was published and nothing is left
 */
export async function save(
  engine: Engine,
  body: Body,
  intent: Omit<Intent, "network">,
  saving: () => void,
): Promise<Outcome> {
  const upload = await engine.begin({ ...intent, network: () => body.waited });
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
