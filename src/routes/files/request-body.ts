// What the upload routes have in common: the body with its timers, the intent of the headers, the answer.

import type { Server } from "bun";
import type { Conflict } from "../../config/config.ts";
import { serverTiming } from "../../core/report/flow-report.ts";
import { RequestBody } from "../../core/upload/request-body.ts";
import type { SaveResult } from "../../core/upload/saved-file.ts";
import { Problem } from "../../errors.ts";
import { type Preconditions, preconditionsOf } from "../../http/conditions.ts";
import { contentLength } from "../../http/content-length.ts";
import type { Digest, DigestAlgorithm } from "../../http/digest.ts";
import { formatDigest, parseDigest, wantedDigest } from "../../http/digest.ts";
import { requestInfoOf, timed } from "../../plugins/request-info.ts";
import type { Services } from "../support/services.ts";

/** Seconds Bun waits longer than our own timer, which answers before it cuts. */
const GRACE = 15;

/** Bun's server, absent when the app is called without one. */
export type Listener = Server<unknown> | null;

/** An upload request being received. End it with `close`. */
export interface IncomingUpload {
  body: RequestBody;
  /** Bun must not cut a connection that waits for the disk. */
  saving: () => void;
  /** Ends what `receive` began, whatever happened. */
  close: () => void;
}

/**
 * Admits the request and wraps its body.
 * @throws Problem draining, too_many_uploads, unsupported_encoding
 */
export function receive({ config, uploader }: Services, request: Request, server: Listener): IncomingUpload {
  const encoding = request.headers.get("content-encoding") ?? "";
  if (!/^(?:identity)?$/i.test(encoding.trim()))
    throw new Problem(
      "unsupported_encoding",
      "Send the bytes as they are to be stored, without Content-Encoding.",
      {
        headers: { "accept-encoding": "identity" },
      },
    );
  const renewed = () => renew(request, server, config.idleTimeout);
  const { idleTimeout } = config;
  const body = new RequestBody(request.body, { idleTimeout, renew: renewed, owned: server !== null });
  const release = admit(uploader, body);
  renewed();
  return {
    body,
    saving: () => server?.timeout(request, 0),
    close() {
      renewed();
      // What is left of it is for the answer to deal with.
      body.release();
      release();
    },
  };
}

/** Bun's own timer of a silent connection begins anew. */
export function renew(request: Request, server: Listener, idleTimeout: number): void {
  server?.timeout(request, Math.ceil(idleTimeout) + GRACE);
}

/** Does what may take longer than a silent connection lasts. @param part what its time is called, as `timed` */
export async function withoutIdleTimeout<T>(
  { config }: Services,
  request: Request,
  server: Listener,
  step: () => Promise<T>,
  part = "storage",
): Promise<T> {
  server?.timeout(request, 0);
  try {
    return await timed(request, part, step);
  } finally {
    server?.timeout(request, Math.ceil(config.idleTimeout) + GRACE);
  }
}

function admit(uploader: Services["uploader"], body: RequestBody): () => void {
  try {
    return uploader.admit();
  } catch (error) {
    body.release();
    throw error;
  }
}

/** What the headers of any upload say about it. @throws Problem invalid_digest */
export function uploadRequest(
  request: Request,
  conflict: Conflict,
): {
  conflict: Conflict;
  conditions: Preconditions;
  digests: Digest[];
  wantedDigest: DigestAlgorithm | null;
} {
  const { headers } = request;
  return {
    conflict,
    conditions: preconditionsOf(headers),
    // One message is one whole file here, so its content and the representation are the same bytes.
    digests: [...parseDigest(headers.get("repr-digest")), ...parseDigest(headers.get("content-digest"))],
    wantedDigest: wantedDigest(headers.get("want-repr-digest")),
  };
}

/** The announced length, `undefined` when the body is chunked. */
export function announcedSize(request: Request): number | undefined {
  return contentLength(request.headers) ?? (request.body === null ? 0 : undefined);
}

/** The id of the request, to find the upload in `GET /api/uploads`, unless that is too short to be the only one. */
export function uploadId(request: Request): string {
  const id = requestInfoOf(request)?.id;
  return id !== undefined && /^[A-Za-z0-9_-]{8,64}$/.test(id) ? id : crypto.randomUUID();
}

/** `201` for a new file, `200` for a replaced one. */
export function savedAnswer({ file, replaced, digest }: SaveResult): Response {
  const headers = new Headers({
    "content-type": "application/json",
    "cache-control": "no-store",
    location: file.url,
    etag: file.etag,
    "server-timing": serverTiming(file.flow),
  });
  if (digest) headers.set("repr-digest", formatDigest(digest.algorithm, digest.value));
  return new Response(JSON.stringify(file), { status: replaced ? 200 : 201, headers });
}
