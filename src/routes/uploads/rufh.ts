// Handles the requests of Resumable Uploads for HTTP under /uploads.

import { append as appendTo } from "../../core/resumable/append.ts";
import type { UploadSession } from "../../core/resumable/session.ts";
import { Problem } from "../../errors.ts";
import { invalidHeader } from "../../http/invalid-header.ts";
import type { Draft } from "../../http/rufh/drafts.ts";
import {
  checkNoBodyHeaders,
  draftOf,
  formatLimits,
  formatProgress,
  offsetMismatch,
  PARTIAL_TYPE,
  readAppend,
  readStart,
} from "../../http/rufh/rufh.ts";
import { timeInHeaders, timeInMetadata } from "../../http/time/modification-time.ts";
import { formatMetadata, parseMetadata } from "../../http/tus/metadata.ts";
import { askerOf } from "../../plugins/access.ts";
import { requestInfoOf } from "../../plugins/request-info.ts";
import { withoutIdleTimeout } from "../support/idle-timeout.ts";
import { permitUpload } from "../support/permit-upload.ts";
import { announcedSize, uploadId } from "../support/request-body.ts";
import type { Services } from "../support/services.ts";
import { dropOptions, shownFile } from "./drop-place.ts";
import {
  fileHeaders,
  findUpload,
  incomingBody,
  logged,
  NO_STORE,
  orDelete,
  pathFor,
  type UploadRequest,
  urlOfUpload,
  wholeDigests,
} from "./resumable-request.ts";

/** Answers every method except OPTIONS. @throws Problem */
export async function rufh(services: Services, method: string, context: UploadRequest): Promise<Response> {
  const draft = draftOf(context.request.headers);
  if (context.id === "" && method === "POST") return await create(services, draft, context);
  if (context.id !== "" && method === "PATCH") return await append(services, draft, context);
  if (context.id !== "" && method === "DELETE") {
    checkNoBodyHeaders(draft, context.request.headers);
    await services.uploads.remove((await findUpload(services, context)).record.id);
    return new Response(null, { status: 204, headers: NO_STORE });
  }
  if (context.id !== "" && (method === "HEAD" || method === "GET"))
    return await head(services, draft, context);
  throw new Problem("method_not_allowed", "This URL does not support the method: see `Allow`.", {
    headers: { allow: context.id === "" ? "OPTIONS, POST" : "DELETE, GET, HEAD, OPTIONS, PATCH" },
  });
}

/**
 * The limits in answers to OPTIONS and to requests that create an upload.
 * @param maxAge seconds without activity after which the upload expires
 */
export function rufhLimits(
  { config }: Services,
  headers: Headers,
  maxAge = config.uploadExpiry,
): Record<string, string> {
  const draft = draftOf(headers);
  const limits = formatLimits(draft, { maxSize: config.maxFileSize, maxAge });
  return { ...limits, ...(draft.acceptPatch && { "accept-patch": PARTIAL_TYPE }) };
}

async function create(services: Services, draft: Draft, context: UploadRequest): Promise<Response> {
  const { request } = context;
  const start = readStart(draft, request.headers);
  if (start === null)
    throw invalidHeader(
      draft.header,
      `Send ${draft.header}, which states whether the body is the whole file.`,
    );
  const metadata = parseMetadata(request.headers.get("upload-metadata"));
  const path = pathFor(context, metadata);
  const upload = await services.uploads.create({
    path,
    may: await permitUpload(services, request, path, start.length ?? undefined),
    maker: askerOf(request).maker,
    conflict: context.conflict,
    size: start.length,
    endsByLength: draft.endsByLength,
    metadata: formatMetadata(metadata),
    modified: timeInMetadata(metadata) ?? timeInHeaders(request.headers),
    ...wholeDigests(context),
    name: uploadId(request),
    client: requestInfoOf(request)?.client ?? null,
    concat: null,
    oneShot: start.complete || (draft.endsByLength && announcedSize(request) === start.length),
    ...dropOptions(context.drop, start.length),
  });
  const hasBytes =
    announcedSize(request) !== 0 || start.complete || (draft.endsByLength && start.length === 0);
  if (hasBytes)
    await orDelete(services, upload, () =>
      logged(services, request, upload, () =>
        appendTo(upload, {
          offset: 0,
          size: null,
          ends: start.complete || (draft.endsByLength && "length"),
          overflow,
          overflowInvalidates: draft.overflowInvalidates,
          mismatch: (current) => offsetMismatch(draft, current, 0),
          ...incomingBody(services, context),
        }),
      ),
    );
  return answer(draft, upload, 201, {
    location: urlOfUpload(upload),
    ...rufhLimits(services, request.headers, upload.activity.lifetime),
  });
}

async function append(services: Services, draft: Draft, context: UploadRequest): Promise<Response> {
  const { request } = context;
  const upload = await findUpload(services, context);
  const { offset, complete, length } = readAppend(draft, request.headers);
  await upload.withLock();
  if (upload.record.finished) {
    // A client that lost the last answer can repeat the request without its bytes.
    if (offset === upload.length && announcedSize(request) === 0)
      return answer(draft, upload, draft.appended);
    throw new Problem("upload_complete", "The upload is already complete and accepts no more bytes.", {
      headers: progress(draft, upload),
    });
  }
  await markComplete(draft, upload, () =>
    logged(services, request, upload, () =>
      appendTo(upload, {
        offset,
        size: length,
        ends: complete || (draft.endsByLength && "length"),
        overflow,
        overflowInvalidates: draft.overflowInvalidates,
        mismatch: (current) => offsetMismatch(draft, current, offset),
        ...incomingBody(services, context),
      }),
    ),
  );
  return answer(draft, upload, draft.appended);
}

async function head(services: Services, draft: Draft, context: UploadRequest): Promise<Response> {
  const { request, id } = context;
  checkNoBodyHeaders(draft, request.headers);
  const upload = await findUpload(services, context);
  await logged(services, request, upload, () =>
    withoutIdleTimeout(services, request, context.server, () => services.uploads.refresh(id), null),
  );
  const headers = {
    ...NO_STORE,
    ...progress(draft, upload),
    ...fileHeaders(upload),
    ...rufhLimits(services, request.headers, upload.activity.lifetime),
  };
  return new Response(null, { status: 204, headers });
}

/** A digest mismatch of the whole file is answered with `Upload-Complete: ?1`: resuming would not help. */
async function markComplete<T>(draft: Draft, upload: UploadSession, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof Problem) || upload.record.spoiled !== "digest") throw error;
    const { length } = upload;
    throw new Problem(error.code, error.detail, {
      headers: formatProgress(draft, { offset: length, complete: true, length }),
    });
  }
}

/** @param status used while the upload is unfinished */
function answer(
  draft: Draft,
  upload: UploadSession,
  status: number,
  more: Record<string, string> = {},
): Response {
  const { finished } = upload.record;
  const headers = new Headers({ ...NO_STORE, ...more, ...progress(draft, upload), ...fileHeaders(upload) });
  if (finished === null) return new Response(null, { status, headers });
  headers.set("content-type", "application/json");
  return new Response(JSON.stringify(shownFile(upload.record, finished.file)), {
    status: finished.replaced ? 200 : 201,
    headers,
  });
}

function progress(draft: Draft, upload: UploadSession): Record<string, string> {
  return formatProgress(draft, {
    offset: upload.length,
    complete: upload.complete,
    length: upload.record.size,
  });
}

function overflow(): Problem {
  return new Problem("inconsistent_length", "The body does not end at Upload-Length.");
}
