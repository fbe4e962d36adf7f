// LOCK: makes a lock, or renews one (RFC 4918 section 9.10). The lock of a path without an entry makes an empty file.

import type { Lock } from "../../../core/locks/lock-table.ts";
import { MAX_LOCK_SECONDS } from "../../../core/locks/locks.ts";
import type { NameGrants } from "../../../core/naming/conflict.ts";
import { Problem } from "../../../errors.ts";
import { depthOf } from "../../../http/dav/depth.ts";
import { lockInfo } from "../../../http/dav/lock-body.ts";
import { wantedSeconds } from "../../../http/dav/lock-headers.ts";
import { XML_DECLARATION, XML_HEADERS } from "../../../http/dav/multistatus.ts";
import { checkFolderPath, type FilePath } from "../../../path.ts";
import { askerOf, proveBelow, proveWrite } from "../../../plugins/access.ts";
import { requestInfoOf } from "../../../plugins/request-info.ts";
import { makerOf } from "../../../plugins/revoking/own-uploads.ts";
import type { Entry } from "../../../storage/entry.ts";
import { permitAgain } from "../../support/permit-upload.ts";
import { uploadId } from "../../support/request-body.ts";
import type { Services } from "../../support/services.ts";
import { changedEntry, changedPathOf, type DavRequest, requireParent } from "../target.ts";
import { xmlBody } from "../xml-body.ts";
import { activeLock, lockReader } from "./discovery.ts";
import { lockGrants } from "./lock-grants.ts";

export async function lock(services: Services, dav: DavRequest): Promise<Response> {
  const { request } = dav;
  const { headers } = request;
  const { uploader } = services;
  const path = changedPathOf(dav);
  const may = proveWrite(request, path);
  const depth = depthOf(headers, ["infinity", "0"], "infinity");
  const seconds = Math.min(wantedSeconds(headers), MAX_LOCK_SECONDS);
  const info = lockInfo(await xmlBody(services, request));
  const grants = await lockGrants(services, dav, path);
  if (info === null) return await renew(services, dav, path, grants.lockTokens ?? [], seconds);
  await requireParent(services, dav, path);
  const entry = await changedEntry(services, dav, path);
  // Otherwise a client could keep others out of folders to which they may write and it may not.
  if (entry?.kind === "folder" && depth === "infinity") proveBelow(request, "write", path);
  const { account } = askerOf(request);
  const client = requestInfoOf(request)?.client;
  const made = await uploader.locks.create({
    path: checkFolderPath(path),
    depth,
    ...info,
    account,
    client,
    seconds,
    may: grants,
  });
  try {
    const { lockTokens = [] } = grants;
    const isNew =
      entry === null &&
      (await makeEmptyFile(services, request, path, { ...may, lockTokens: [...lockTokens, made.token] }));
    return answer(services, dav, made, entry?.kind ?? "file", isNew ? 201 : 200, {
      "lock-token": `<${made.token}>`,
    });
  } catch (error) {
    await uploader.locks.remove(made.token, path, { account });
    throw error;
  }
}

async function renew(
  services: Services,
  dav: DavRequest,
  path: FilePath,
  tokens: readonly string[],
  seconds: number,
): Promise<Response> {
  const { storage, uploader } = services;
  const { account } = askerOf(dav.request);
  const [token] = tokens;
  if (token === undefined || tokens.length > 1)
    throw new Problem(
      "precondition_failed",
      "A lock is renewed by its token alone: send `If: (<urn:uuid:…>)`, or the body `lockinfo` for a new lock.",
    );
  const renewed = await uploader.locks.refresh(token, path, { account }, seconds);
  return answer(services, dav, renewed, (await storage.find(renewed.path))?.kind ?? "file", 200);
}

/** @returns false when another client has made an entry in the meantime @throws Problem */
async function makeEmptyFile(
  services: Services,
  request: Request,
  path: FilePath,
  may: NameGrants,
): Promise<boolean> {
  const { uploader, log } = services;
  if (services.hooks.asks) await permitAgain(services, request, path, 0);
  const release = uploader.admit(requestInfoOf(request)?.client);
  try {
    const upload = await uploader.begin({
      path,
      conflict: "fail",
      may,
      size: 0,
      conditions: {},
      digests: [],
      wantedDigest: null,
      id: uploadId(request),
      madeBy: makerOf(request),
      networkSeconds: () => 0,
    });
    const { file } = await upload.finish();
    log.saved(request, file);
    uploader.fresh.add(path, { kind: "file", etag: file.etag }, askerOf(request).maker);
    return true;
  } catch (error) {
    if (error instanceof Problem && (error.code === "name_taken" || error.code === "is_folder")) return false;
    throw error;
  } finally {
    release();
  }
}

function answer(
  services: Services,
  dav: DavRequest,
  made: Lock,
  kind: Entry["kind"],
  status: 200 | 201,
  more: Readonly<Record<string, string>> = {},
): Response {
  const active = activeLock(lockReader(services, dav), made, kind);
  const text = `${XML_DECLARATION}<D:prop xmlns:D="DAV:"><D:lockdiscovery>${active}</D:lockdiscovery></D:prop>\n`;
  return new Response(text, { status, headers: { ...XML_HEADERS, ...more } });
}
