// The XML body of a WebDAV request, read within a limit.

import { smallBody } from "../../core/upload/small-body.ts";
import type { Services } from "../support/services.ts";

const MAX_BYTES = 256 * 1024;

/** The body as text; `""` when there is none. @throws Problem body_too_large, … */
export async function xmlBody({ config }: Services, request: Request): Promise<string> {
  const { idleTimeout } = config;
  const tooLarge = `The XML of a body may have at most ${MAX_BYTES / 1024} KiB.`;
  const bytes = await smallBody(request, { idleTimeout, maxBytes: MAX_BYTES, tooLarge });
  return new TextDecoder().decode(bytes);
}
