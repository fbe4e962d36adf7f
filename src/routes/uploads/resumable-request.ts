// What the dialects of resumable uploads have in common: where the file goes, what a request brings, what is told of a file.

import { Digester } from "../../core/digest/digester.ts";
import { serverTiming } from "../../core/report/flow-report.ts";
import type { UploadSession } from "../../core/resumable/session.ts";
import { parseDigest, wantedDigest } from "../../http/digest.ts";
import { filenameOf } from "../../http/disposition.ts";
import { type Metadata, targetOf } from "../../http/tus/metadata.ts";
import { below, checkFolderPath, type FilePath, ROOT } from "../../path.ts";
import type { Listener } from "../support/idle-timeout.ts";
import { announcedSize, receive } from "../support/request-body.ts";
import type { Services } from "../support/services.ts";

/** A request to /uploads, with what its URL says. */
export interface UploadRequest {
  request: Request;
  server: Listener;
  path: FilePath | undefined;
  conflict: "rename" | "replace" | "fail";
  /** In the URL; `""` for a request that makes an upload. */
  id: string;
}

/** `?path=`, else what the metadata says, else Content-Disposition, else a name of its own. @throws Problem invalid_path */
export function pathFor({ request, path }: UploadRequest, metadata: Metadata): FilePath {
  if (path !== undefined) return path;
  const { folder, name, pointer } = targetOf(metadata);
  const parent = folder === "" ? ROOT : checkFolderPath(folder, "/metadata/folder");
  if (name !== null) return below(parent, name, pointer);
  const given = filenameOf(request.headers.get("content-disposition"));
  if (given !== null) return below(parent, given, "/headers/content-disposition");
  // Nothing of the id, which must not be known to those who see the name.
  return below(parent, `upload-${crypto.randomUUID().slice(0, 8)}`);
}

/** The digests that the request which makes an upload says of the whole. @throws Problem invalid_digest */
export function wholeDigests({ request: { headers } }: UploadRequest) {
  return {
    digests: parseDigest(headers.get("repr-digest")),
    wanted: wantedDigest(headers.get("want-repr-digest")),
  };
}

/** What any request brings that adds bytes. @throws Problem invalid_digest */
export function incomingBody(services: Services, { request, server, id }: UploadRequest) {
  const { headers } = request;
  // The representation that a PATCH brings is what it adds (RFC 9530 section 3.3).
  const names = id === "" ? ["content-digest"] : ["content-digest", "repr-digest"];
  const digests = names.flatMap((name) => parseDigest(headers.get(name)));
  return {
    bytes: announcedSize(request),
    checks: digests.length > 0 ? [new Digester(digests, null)] : [],
    wanted: wantedDigest(headers.get("want-repr-digest")),
    receive: () => receive(services, request, server),
  };
}

/** Removes an upload whose client was never told of it, when the request that made it fails. */
export async function orForget<T>(
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

/** Runs a step, and logs the file if the upload became one by it. */
export async function logged<T>(
  { log }: Services,
  request: Request,
  upload: UploadSession,
  step: () => Promise<T>,
): Promise<T> {
  const before = upload.record.finished;
  const result = await step();
  const { finished } = upload.record;
  if (before === null && finished) log.saved(request, finished.file);
  return result;
}

/** The URL of an upload. */
export function urlOfUpload({ record }: UploadSession): string {
  return `/uploads/${record.id}`;
}

/** What is told of the file an upload became; nothing as long as it is none. */
export function fileHeaders({ record }: UploadSession): Record<string, string> {
  if (record.finished === null) return {};
  const { file, digest } = record.finished;
  return {
    "content-location": file.url,
    etag: file.etag,
    "server-timing": serverTiming(file.flow),
    ...(digest && { "repr-digest": digest }),
  };
}

/** Nothing may keep an answer about an upload. */
export const NO_STORE = { "cache-control": "no-store" };
