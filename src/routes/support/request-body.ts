// Upload requests: admission, the body with its idle timer, the options in the headers, the answer.

import type { Conflict } from "../../config/config.ts";
import { serverTiming } from "../../core/report/flow-report.ts";
import { RequestBody } from "../../core/upload/request-body.ts";
import type { SaveResult } from "../../core/upload/saved-file.ts";
import { Problem } from "../../errors.ts";
import { type Preconditions, preconditionsOf } from "../../http/conditions.ts";
import { contentLength } from "../../http/content-length.ts";
import type { Digest, DigestAlgorithm } from "../../http/digest.ts";
import { formatDigest, parseDigest, wantedDigest } from "../../http/digest.ts";
import { isForm } from "../../http/multipart/parser.ts";
import { requestInfoOf } from "../../plugins/request-info.ts";
import { type Listener, restartIdleTimeout, suspendIdleTimeout } from "./idle-timeout.ts";
import { jsonAnswer } from "./json-answer.ts";
import type { Services } from "./services.ts";

/** The body of an upload request. The caller must `close` it. */
export interface IncomingUpload {
  body: RequestBody;
  /** Suspends the idle timeout: the client is silent while the server waits for the disk. */
  saving: () => void;
  /** Releases the body and the upload slot. Must also be called after an error. */
  close: () => void;
}

/**
 * Admits the request and wraps its body.
 * @param content what the body is: the bytes of one file, or a form
 * @throws Problem draining, too_many_uploads, unsupported_encoding, unsupported_type
 */
export function receive(
  { config, uploader }: Services,
  request: Request,
  server: Listener,
  content: "file" | "form" = "file",
): IncomingUpload {
  // Saved as a file, a form would be the file's bytes between boundary lines and part headers.
  if (content === "file" && isForm(request.headers.get("content-type")))
    throw new Problem(
      "unsupported_type",
      "The body is a form (multipart/form-data), but this URL takes the bytes of one file: send the file itself (curl -T FILE), or POST the form to the folder (/files/FOLDER/).",
    );
  const encoding = request.headers.get("content-encoding") ?? "";
  if (!/^(?:identity)?$/i.test(encoding.trim()))
    throw new Problem(
      "unsupported_encoding",
      "Content-Encoding is not supported: send the bytes unencoded.",
      {
        headers: { "accept-encoding": "identity" },
      },
    );
  const restart = () => restartIdleTimeout(request, server, config.idleTimeout);
  const { idleTimeout } = config;
  const body = new RequestBody(request.body, { idleTimeout, renew: restart, owned: server !== null });
  const release = admit(uploader, body);
  restart();
  return {
    body,
    saving: () => suspendIdleTimeout(request, server),
    close() {
      restart();
      // Unread bytes are left to the answer, which may drain them or close the connection.
      body.release();
      release();
    },
  };
}

function admit(uploader: Services["uploader"], body: RequestBody): () => void {
  try {
    return uploader.admit();
  } catch (error) {
    body.release();
    throw error;
  }
}

/** The upload options that are sent as headers. @throws Problem invalid_digest */
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
    // The body is the whole file, so its content digest and its representation digest cover the same bytes.
    digests: [...parseDigest(headers.get("repr-digest")), ...parseDigest(headers.get("content-digest"))],
    wantedDigest: wantedDigest(headers.get("want-repr-digest")),
  };
}

/** Bytes by Content-Length; `undefined` when the body is chunked. */
export function announcedSize(request: Request): number | undefined {
  return contentLength(request.headers) ?? (request.body === null ? 0 : undefined);
}

/**
 * The upload's id in `GET /api/uploads`: the request id, or a random one when the request id is too short to be unique.
 */
export function uploadId(request: Request): string {
  const id = requestInfoOf(request)?.id;
  return id !== undefined && /^[A-Za-z0-9_-]{8,64}$/.test(id) ? id : crypto.randomUUID();
}

/** `201` for a new file, `200` for a replaced one. */
export function savedAnswer({ file, replaced, digest }: SaveResult): Response {
  return jsonAnswer(file, replaced ? 200 : 201, {
    location: file.url,
    etag: file.etag,
    "server-timing": serverTiming(file.flow),
    ...(digest && { "repr-digest": formatDigest(digest.algorithm, digest.value) }),
  });
}
