// PUT of WebDAV: the body is the file, saved like every upload. Its folder must exist.

import { serverTiming } from "../../core/report/flow-report.ts";
import { Problem } from "../../errors.ts";
import { timeAccepted } from "../../http/time/modification-time.ts";
import { askerOf, proveConditions, proveWrite } from "../../plugins/access.ts";
import { announcedSize, receiveFile, uploadRequest } from "../support/request-body.ts";
import type { Services } from "../support/services.ts";
import { lockGrants } from "./locks/lock-grants.ts";
import { changedPathOf, type DavRequest, requireParent } from "./target.ts";

export async function put(services: Services, dav: DavRequest): Promise<Response> {
  const { request, server } = dav;
  const { storage, uploader } = services;
  const path = changedPathOf(dav);
  refuseParts(request);
  const options = uploadRequest(request, "replace");
  const proved = proveWrite(request, path);
  let may = { ...(await lockGrants(services, dav, path)), ...proved };
  proveConditions(request, path, options.conditions);
  await requireParent(services, dav, path);
  const { maker } = askerOf(request);
  let { conditions } = options;
  if (!may.replace) {
    const current = await storage.find(path);
    if (current?.kind === "file" && current.size === 0 && uploader.fresh.has(path, current, maker)) {
      // The content of the empty file that the client has made before: nothing else may be replaced.
      may = { ...may, replace: true };
      conditions = { ...conditions, ifMatch: [current.etag] };
    }
  }
  const size = announcedSize(request) ?? expectedSize(request.headers);
  const { result } = await receiveFile(services, request, server, {
    ...options,
    may,
    path,
    conditions,
    size,
  });
  const { file, replaced } = result;
  if (!file.repeated && (!replaced || conditions !== options.conditions))
    uploader.fresh.add(path, { kind: "file", etag: file.etag }, maker);
  return new Response(null, {
    status: replaced || file.repeated ? 204 : 201,
    headers: {
      etag: file.etag,
      ...timeAccepted(request.headers, file.modified),
      "server-timing": serverTiming(file.flow),
    },
  });
}

/** The size that Finder announces, because it sends chunks. */
function expectedSize(headers: Headers): number | undefined {
  const sent = headers.get("x-expected-entity-length");
  return sent !== null && /^\d{1,15}$/.test(sent) ? Number(sent) : undefined;
}

/** @throws Problem content_range: as a whole file, a part would replace what it is a part of */
function refuseParts({ headers }: Request): void {
  for (const name of ["content-range", "range"])
    if (headers.has(name))
      throw new Problem(
        "content_range",
        "Partial PUT is not supported: send the whole file, without a range.",
      );
}
