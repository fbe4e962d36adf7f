// Own uploads and copies: their maker sees them even at a path that they may not list.

import { ANYONE } from "../../access/rules.ts";
import type { MadeBy, UploadFilter } from "../../core/report/active-uploads.ts";
import { askerOf } from "../access.ts";
import { requestInfoOf } from "../request-info.ts";

/** The maker of the uploads and copies of a request. */
export function makerOf(request: Request): MadeBy {
  return { maker: askerOf(request).maker, client: requestInfoOf(request)?.client ?? null };
}

/** Whether the asker of a request made an upload or copy. Everyone without a login is the same asker, so there the client counts, too. */
export function isOwn(request: Request, madeBy: MadeBy | undefined): boolean {
  const own = makerOf(request);
  if (madeBy?.maker !== own.maker) return false;
  return own.maker !== ANYONE || madeBy.client === own.client;
}

/** Selects the uploads that the asker of a request may know of: their own, and those at paths that they may list. */
export function seenUploads(request: Request): UploadFilter {
  const asker = askerOf(request);
  return (path, madeBy) => asker.can("list", path) || isOwn(request, madeBy);
}
