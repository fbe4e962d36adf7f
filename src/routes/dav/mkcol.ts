// MKCOL: makes a folder (RFC 4918 section 9.3).

import { makeFolder } from "../../core/tree/changes.ts";
import { Problem } from "../../errors.ts";
import { contentLength } from "../../http/framing.ts";
import { askerOf, prove } from "../../plugins/access.ts";
import type { Services } from "../support/services.ts";
import { lockGrants } from "./locks/lock-grants.ts";
import { changedPathOf, type DavRequest, requireParent } from "./target.ts";

export async function mkcol(services: Services, dav: DavRequest): Promise<Response> {
  const { request } = dav;
  const { uploader, log } = services;
  const path = changedPathOf(dav);
  prove(request, "write", path);
  if (request.body !== null && contentLength(request.headers) !== 0)
    throw new Problem("unsupported_type", "MKCOL has no body here: send it without one.");
  await requireParent(services, dav, path);
  const may = await lockGrants(services, dav, path);
  const folder = await makeFolder(uploader, path, may).catch((error: unknown) => {
    if (!(error instanceof Problem) || error.code !== "name_taken") throw error;
    throw new Problem("method_not_allowed", "A file or folder has this name already.", { cause: error });
  });
  uploader.fresh.add(path, folder, askerOf(request).maker);
  log.changed(request, { did: "made", path: folder.path });
  return new Response(null, { status: 201 });
}
