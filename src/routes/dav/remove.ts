// DELETE of WebDAV: removes a file, or a folder with its contents (RFC 4918 section 9.6).

import { remove as removeEntry } from "../../core/tree/changes.ts";
import { preconditionsOf } from "../../http/conditions.ts";
import { depthOf } from "../../http/dav/depth.ts";
import { proveBelow, proveConditions } from "../../plugins/access.ts";
import { withoutIdleTimeout } from "../support/idle-timeout.ts";
import type { Services } from "../support/services.ts";
import { lockGrants } from "./locks/lock-grants.ts";
import { changedPathOf, type DavRequest } from "./target.ts";

export async function remove(services: Services, dav: DavRequest): Promise<Response> {
  const { request, server } = dav;
  const { uploader, log, trash } = services;
  const path = changedPathOf(dav);
  proveBelow(request, "delete", path);
  depthOf(request.headers, ["infinity", "0"], "infinity");
  const conditions = preconditionsOf(request.headers);
  proveConditions(request, path, conditions);
  const may = await lockGrants(services, dav, path);
  await withoutIdleTimeout(services, request, server, () =>
    removeEntry(uploader, path, { recursive: true, conditions, trash, may }),
  );
  log.changed(request, { did: trash ? "put into the trash" : "removed", path });
  return new Response(null, { status: 204 });
}
