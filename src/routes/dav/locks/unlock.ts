// UNLOCK: releases a lock (RFC 4918 section 9.11).

import { Problem } from "../../../errors.ts";
import { lockToken } from "../../../http/dav/lock-headers.ts";
import { conditionAnswer } from "../../../http/dav/multistatus.ts";
import { prove } from "../../../plugins/access.ts";
import type { Services } from "../../support/services.ts";
import { changedPathOf, type DavRequest } from "../target.ts";

export async function unlock({ uploader, log }: Services, dav: DavRequest): Promise<Response> {
  const { request } = dav;
  const path = changedPathOf(dav);
  const asker = prove(request, "write", path);
  try {
    await uploader.locks.remove(lockToken(request.headers), path, asker);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "no_such_lock") throw error;
    log.problem(request, error);
    return conditionAnswer(409, "lock-token-matches-request-uri");
  }
  return new Response(null, { status: 204 });
}
