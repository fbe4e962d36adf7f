// Proves that a client may change an entry that exists, or keep others from changing it.

import type { FilePath } from "../../path.ts";
import { askerOf, prove } from "../../plugins/access.ts";
import type { Entry } from "../../storage/entry.ts";
import type { Services } from "../support/services.ts";

/** New entries may be completed by the client that has made them; to change others is to replace them. @throws Problem as `prove` */
export function proveChange({ uploader }: Services, request: Request, path: FilePath, entry: Entry): void {
  if (!uploader.fresh.has(path, entry, askerOf(request).maker)) prove(request, "replace", path);
}
