// Owners of uploads and copies: their makers see them even where they may list nothing.

import { ANYONE } from "../../access/rules.ts";
import type { UploadFilter, UploadOwner } from "../../core/report/active-uploads.ts";
import { askerOf } from "../access.ts";
import { requestInfoOf } from "../request-info.ts";

/** Whose the uploads of a request are. */
export function ownerOf(request: Request): UploadOwner {
  return { maker: askerOf(request).maker, client: requestInfoOf(request)?.client ?? null };
}

/** Whether an upload belongs to the asker of a request. Nobody has a login in common, so of anonymous ones the client counts. */
export function isOwn(request: Request, owner: UploadOwner | undefined): boolean {
  const own = ownerOf(request);
  if (owner?.maker !== own.maker) return false;
  return own.maker !== ANYONE || owner.client === own.client;
}

/** Selects the uploads that the asker of a request may know of: their own, and those at paths that they may list. */
export function seenUploads(request: Request): UploadFilter {
  const asker = askerOf(request);
  return (path, owner) => asker.can("list", path) || isOwn(request, owner);
}
