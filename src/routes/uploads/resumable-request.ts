// A request to /uploads as the tus and IETF routes read it: target path, digests, body, and the headers of its answer.

import { Digester } from "../../core/digest/digester.ts";
import { serverTiming } from "../../core/report/flow-report.ts";
import type { UploadSession } from "../../core/resumable/session.ts";
import { Problem } from "../../errors.ts";
import { parseDigest, wantedDigest } from "../../http/digest.ts";
import { filenameOf } from "../../http/disposition/disposition.ts";
import { type Metadata, targetOf } from "../../http/tus/metadata.ts";
import { below, checkFolderPath, type FilePath, ROOT } from "../../path.ts";
import { requestInfoOf } from "../../plugins/request-info.ts";
import type { BunServer } from "../support/idle-timeout.ts";
import { announcedSize, receive } from "../support/request-body.ts";
import type { Services } from "../support/services.ts";
import type { DropPlace } from "./drop-place.ts";

/** A request to /uploads, with the parameters of its URL. */
export interface UploadRequest {
  request: Request;
  server: BunServer;
  path: FilePath | undefined;
  conflict: "rename" | "replace" | "fail";
  /** From the URL; `""` for a request that creates an upload. */
  id: string;
  /** Where the upload goes when a drop takes it. */
  drop?: DropPlace | undefined;
}

/**
 * The path by `?path=`, else the metadata, else Content-Disposition, else a random name; in the folder of a drop if there is
 * one. @throws Problem invalid_path
 */
export function pathFor({ request, path, drop }: UploadRequest, metadata: Metadata): FilePath {
  if (path !== undefined) return path;
  const { folder, name, pointer } = targetOf(metadata);
  const root = drop?.folder ?? ROOT;
  const parent = folder === "" ? root : checkFolderPath(below(root, folder, "/metadata/folder"));
  if (name !== null) return below(parent, name, pointer);
  const filename = filenameOf(request.headers.get("content-disposition"));
  if (filename !== null) return below(parent, filename, "/headers/content-disposition");
  // Independent of the upload id, which grants write access and must not be visible in a listing.
  return below(parent, `upload-${crypto.randomUUID().slice(0, 8)}`);
}

/**
 * The upload with this id. Its URL is the permission, also after the session that created it has ended; but its maker must
 * still be allowed to write there.
 * @throws Problem not_found, upload_gone, revoked
 */
export async function findUpload(
  { uploads, access, links }: Services,
  { request, id }: Pick<UploadRequest, "request" | "id">,
): Promise<UploadSession> {
  const upload = await uploads.find(id);
  const { maker, path } = upload.record;
  const asker = access.byMaker(maker);
  if (asker?.can("write", path)) {
    const info = requestInfoOf(request);
    // The log and hooks name the one that began the upload.
    if (info) info.asker = asker;
    // Its reservation was lost with an earlier run of the server.
    if (upload.record.receipt !== null && asker.credential !== null && !upload.settled)
      upload.claim.allowance ??= links.budgets.claimLater(asker.credential);
    return upload;
  }
  throw new Problem(
    "revoked",
    "The account, token or link that began this upload may no longer write there.",
  );
}

/** The digests of the whole file, from the request that creates the upload. @throws Problem invalid_digest */
export function wholeDigests({ request: { headers } }: UploadRequest) {
  return {
    digests: parseDigest(headers.get("repr-digest")),
    wanted: wantedDigest(headers.get("want-repr-digest")),
  };
}

/** The body of a request that appends bytes, and its checksums. @throws Problem invalid_digest */
export function incomingBody(services: Services, { request, server, id }: UploadRequest) {
  const { headers } = request;
  // The representation of a PATCH is the bytes it appends (RFC 9530 section 3.3).
  const names = id === "" ? ["content-digest"] : ["content-digest", "repr-digest"];
  const digests = names.flatMap((name) => parseDigest(headers.get(name)));
  return {
    bytes: announcedSize(request),
    checks: digests.length > 0 ? [new Digester(digests, null)] : [],
    wanted: wantedDigest(headers.get("want-repr-digest")),
    receive: () => receive(services, request, server),
  };
}

/** Deletes the upload if its creation fails: the client never received its URL. */
export async function orDelete<T>(
  services: Services,
  upload: UploadSession,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    await services.uploads.remove(upload.record.id);
    throw error;
  }
}

/** Runs a step, and logs the saved file if the step finished the upload. */
export async function logged<T>(
  { log }: Services,
  request: Request,
  upload: UploadSession,
  step: () => Promise<T>,
): Promise<T> {
  const result = await step();
  const file = upload.takeUnreported();
  if (file) log.saved(request, file);
  return result;
}

/** The URL of an upload. */
export function urlOfUpload({ record }: UploadSession): string {
  return `/uploads/${record.id}`;
}

/** The headers of the finished file; none while the upload is unfinished. */
export function fileHeaders({ record }: UploadSession): Record<string, string> {
  if (record.finished === null) return {};
  const { file, digest } = record.finished;
  if (record.receipt !== null) return { "server-timing": serverTiming(file.flow) };
  return {
    "content-location": file.url,
    etag: file.etag,
    "server-timing": serverTiming(file.flow),
    ...(digest && { "repr-digest": digest }),
  };
}

/** No cache may store an answer about an upload. */
export const NO_STORE = { "cache-control": "no-store" };
