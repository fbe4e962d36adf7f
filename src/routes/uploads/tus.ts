// Handles the requests of tus 1.0.0 under /uploads.

import { append as appendTo } from "../../core/resumable/append.ts";
import type { UploadSession } from "../../core/resumable/session.ts";
import { Problem } from "../../errors.ts";
import { timeInHeaders, timeInMetadata } from "../../http/time/modification-time.ts";
import type { Checksum } from "../../http/tus/checksum.ts";
import { formatMetadata, parseMetadata } from "../../http/tus/metadata.ts";
import {
  checkVersion,
  formatAbilities,
  formatState,
  readAppend,
  readCreation,
  uploadIn,
} from "../../http/tus/tus.ts";
import { askerOf } from "../../plugins/access.ts";
import { requestInfoOf } from "../../plugins/request-info.ts";
import { withoutIdleTimeout } from "../support/idle-timeout.ts";
import { permitUpload } from "../support/permit-upload.ts";
import { announcedSize, uploadId } from "../support/request-body.ts";
import type { Services } from "../support/services.ts";
import { dropOptions } from "./drop-place.ts";
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
export async function tus(services: Services, method: string, context: UploadRequest): Promise<Response> {
  checkVersion(context.request.headers);
  if (context.id === "") {
    if (method === "POST") return await create(services, context);
  } else if (method === "PATCH") return await append(services, context);
  else if (method === "HEAD" || method === "GET") return await head(services, context);
  else if (method === "DELETE") {
    await services.uploads.remove((await findUpload(services, context)).record.id);
    return new Response(null, { status: 204, headers: NO_STORE });
  }
  throw new Problem("method_not_allowed", "This URL does not support the method: see `Allow`.", {
    headers: { allow: context.id === "" ? "OPTIONS, POST" : "DELETE, HEAD, OPTIONS, PATCH" },
  });
}

/** The headers of the answer to OPTIONS. @param drop whether they are those of a drop, which concatenates nothing */
export function tusAbilities({ config }: Services, drop: boolean): Record<string, string> {
  return formatAbilities(config.maxFileSize, drop ? ["concatenation", "concatenation-unfinished"] : []);
}

async function create(services: Services, context: UploadRequest): Promise<Response> {
  const { request } = context;
  const { uploads } = services;
  const { length, metadata, concat, hasBytes, checksum } = readCreation(request.headers);
  if (context.drop && concat)
    throw new Problem(
      "invalid_request",
      "This link does not concatenate uploads: send the file as one upload.",
    );
  const path = pathFor(context, metadata);
  const upload = await uploads.create({
    path,
    may: await permitUpload(services, request, path, length ?? undefined),
    maker: askerOf(request).maker,
    conflict: context.conflict,
    size: length,
    endsByLength: true,
    metadata: formatMetadata(metadata),
    modified: timeInMetadata(metadata) ?? timeInHeaders(request.headers),
    ...wholeDigests(context),
    name: uploadId(request),
    client: requestInfoOf(request)?.client ?? null,
    concat: concat?.kind === "final" ? { ...concat, ids: concat.urls.map(uploadIn) } : concat,
    oneShot: concat === null && length !== null && length === (hasBytes ? announcedSize(request) : 0),
    ...dropOptions(context.drop, length),
  });
  await orDelete(services, upload, () =>
    logged(services, request, upload, async () => {
      if (concat?.kind === "final")
        await withoutIdleTimeout(services, request, context.server, () => uploads.assemble(upload), null);
      else if (hasBytes && length !== 0)
        await appendTo(upload, {
          offset: 0,
          size: null,
          ends: "length",
          mismatch: mismatchOf(0),
          overflow,
          overflowInvalidates: false,
          ...tusBody(services, context, checksum),
        });
      else if (length === 0) await upload.withLock();
    }),
  );
  const headers = { location: urlOfUpload(upload), ...NO_STORE, ...stateOf(upload), ...fileHeaders(upload) };
  return new Response(null, { status: 201, headers });
}

async function append(services: Services, context: UploadRequest): Promise<Response> {
  const { request } = context;
  const upload = await findUpload(services, context);
  const { offset, length, checksum } = readAppend(request.headers);
  await logged(services, request, upload, () =>
    appendTo(upload, {
      offset,
      size: length,
      ends: "length",
      mismatch: mismatchOf(offset),
      overflow,
      overflowInvalidates: false,
      ...tusBody(services, context, checksum),
    }),
  );
  const headers = { ...NO_STORE, ...stateOf(upload), ...fileHeaders(upload) };
  return new Response(null, { status: 204, headers });
}

async function head(services: Services, context: UploadRequest): Promise<Response> {
  const { request, id } = context;
  const upload = await findUpload(services, context);
  await logged(services, request, upload, () =>
    withoutIdleTimeout(services, request, context.server, () => services.uploads.refresh(id), null),
  );
  const metadata = parseMetadata(upload.record.metadata);
  const headers = {
    ...NO_STORE,
    ...stateOf(upload),
    ...fileHeaders(upload),
    ...formatState({ ...stateFields(upload), metadata }),
  };
  return new Response(null, { headers });
}

/** The body with its digests and the tus checksum. */
function tusBody(services: Services, context: UploadRequest, checksum: Checksum | null) {
  const { checks, ...body } = incomingBody(services, context);
  return { ...body, checks: checksum ? [...checks, checksum] : checks };
}

function stateOf(upload: UploadSession): Record<string, string> {
  return formatState(stateFields(upload));
}

function stateFields(upload: UploadSession) {
  const { concat, size, finished } = upload.record;
  const unfinished = concat?.kind === "final" && finished === null;
  return {
    offset: unfinished ? null : upload.length,
    length: size,
    concat,
    ...(finished === null && { expires: new Date(upload.activity.expires) }),
  };
}

function mismatchOf(offset: number): (current: number) => Problem {
  return (current) =>
    new Problem("offset_mismatch", `The current offset is ${current}; resume from there.`, {
      headers: { "upload-offset": `${current}` },
      members: { "expected-offset": current, "provided-offset": offset },
    });
}

function overflow(): Problem {
  return new Problem("file_too_large", "The body exceeds Upload-Length.");
}
