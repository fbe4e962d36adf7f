// Upload requests: admission, the body with its idle timer, the options in the headers, one file from request to answer.

import type { Conflict } from "../../config/config.ts";
import { serverTiming } from "../../core/report/flow-report.ts";
import { RequestBody } from "../../core/upload/request-body.ts";
import type { SaveResult } from "../../core/upload/saved-file.ts";
import { saveSingleFile } from "../../core/upload/single-file.ts";
import { Throttle } from "../../core/upload/throttle.ts";
import type { UploadRequest } from "../../core/upload/upload-request.ts";
import { Problem } from "../../errors.ts";
import { preconditionsOf } from "../../http/conditions.ts";
import { formatDigest, parseDigest, wantedDigest } from "../../http/digest.ts";
import { contentLength, lacksContinue, refuseTrailers } from "../../http/framing.ts";
import { idempotencyKey } from "../../http/idempotency-key.ts";
import { isForm } from "../../http/multipart/parser.ts";
import { timeAccepted, timeInHeaders } from "../../http/time/modification-time.ts";
import type { FilePath } from "../../path.ts";
import { askerOf, proveConditions, proveWrite } from "../../plugins/access.ts";
import { lingeringClose } from "../../plugins/lingering-close.ts";
import { requestInfoOf } from "../../plugins/request-info.ts";
import { makerOf } from "../../plugins/revoking/own-uploads.ts";
import { capsOf } from "./connection/request-caps.ts";
import { type BunServer, restartIdleTimeout, suspendIdleTimeout } from "./idle-timeout.ts";
import { JSON_HEADERS, jsonAnswer } from "./json-answer.ts";
import { permitAgain } from "./permit-upload.ts";
import type { Services } from "./services.ts";

/** The body of an upload request. The caller must `close` it. */
export interface IncomingUpload {
  body: RequestBody;
  /** Suspends the idle timeout: the client is silent while the server waits for the disk. */
  saving: () => void;
  /** Releases the body and the upload slot. Must also be called after an error. */
  close: () => void;
}

interface ReceiveOptions {
  /** The bytes of one file, or a form. @default "file" */
  content?: "file" | "form";
  /** Bytes of the body, which is incomplete otherwise. @default by Content-Length */
  announced?: number | undefined;
}

/**
 * Admits the request and wraps its body.
 * @throws Problem draining, too_many_uploads, unsupported_encoding, unsupported_trailers, unsupported_type
 */
export function receive(
  services: Services,
  request: Request,
  server: BunServer,
  { content = "file", announced = contentLength(request.headers) }: ReceiveOptions = {},
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
  const { config, uploader } = services;
  const restart = () => restartIdleTimeout(request, server, config.idleTimeout);
  const { idleTimeout } = config;
  refuseTrailers(request.headers);
  const body = new RequestBody(request.body, {
    idleTimeout,
    announced,
    lacksContinue: lacksContinue(request.headers),
    renew: restart,
    owned: server !== null,
    throttle: throttleOf(services, request),
  });
  const release = admit(uploader, body, requestInfoOf(request)?.client);
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

/** Undefined for a request without a cap, which is not slowed down at all. */
function throttleOf(services: Services, request: Request): Throttle | undefined {
  const caps = capsOf(services, request);
  return caps.length > 0 ? new Throttle(caps, request.signal) : undefined;
}

function admit(uploader: Services["uploader"], body: RequestBody, client: string | undefined): () => void {
  try {
    return uploader.admit(client);
  } catch (error) {
    body.release();
    throw error;
  }
}

/** The upload options that are sent as headers. */
export type HeaderOptions = Pick<
  UploadRequest,
  "conflict" | "conditions" | "digests" | "wantedDigest" | "key" | "modified"
>;

/** @throws Problem invalid_digest, invalid_request */
export function uploadRequest(request: Request, conflict: Conflict): HeaderOptions {
  const { headers } = request;
  const key = ownKey(request);
  return {
    ...(key !== undefined && { key }),
    conflict,
    modified: timeInHeaders(headers),
    conditions: preconditionsOf(headers),
    // The body is the whole file, so its content digest and its representation digest cover the same bytes.
    digests: [...parseDigest(headers.get("repr-digest")), ...parseDigest(headers.get("content-digest"))],
    wantedDigest: wantedDigest(headers.get("want-repr-digest")),
  };
}

/** The Idempotency-Key of a request, apart from the same key of other askers: a key may be guessed, a receipt tells of a file. */
function ownKey(request: Request): string | undefined {
  const key = idempotencyKey(request.headers);
  const { account, maker } = askerOf(request);
  return key === undefined || account === null ? key : `${maker}\n${key}`;
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

/**
 * Runs a step while no other request may have the same key. Must be called after `receive`: Bun drops a body that nobody
 * reads when the client closes its sending side.
 * @throws Problem idempotency_key_in_use
 */
export async function withKey<T>(
  { uploader }: Services,
  key: string | undefined,
  step: () => Promise<T>,
): Promise<T> {
  if (key === undefined) return await step();
  const release = await uploader.receipts.claim(key);
  try {
    return await step();
  } finally {
    release();
  }
}

/** Saves the body as one file and answers: `201` for a new file, `200` for a replaced one, or one that was already here. */
export async function saveBody(
  services: Services,
  request: Request,
  server: BunServer,
  path: FilePath,
  options: HeaderOptions,
): Promise<Response> {
  const may = proveWrite(request, path);
  proveConditions(request, path, options.conditions);
  const { result, unread } = await receiveFile(services, request, server, { ...options, may, path });
  return savedAnswer(request, result, unread);
}

/** Receives the body as one file, and logs it. `unread`: the body may still arrive. @throws Problem */
export async function receiveFile(
  services: Services,
  request: Request,
  server: BunServer,
  file: HeaderOptions & Pick<UploadRequest, "path" | "may" | "allow"> & Partial<Pick<UploadRequest, "size">>,
): Promise<{ result: SaveResult; unread: boolean }> {
  const { uploader, log } = services;
  const { size = announcedSize(request) } = file;
  const intent = { ...file, size, id: uploadId(request), madeBy: makerOf(request) };
  const incoming = receive(services, request, server, { announced: size });
  let result: SaveResult;
  try {
    const save = async () => {
      // After `receive`, like every step that waits: see `withKey`.
      if (services.hooks.asks) {
        incoming.saving();
        await permitAgain(services, request, file.path, intent.size);
      }
      return await saveSingleFile(uploader, incoming.body, intent, incoming.saving);
    };
    result = await withKey(services, file.key, save);
  } finally {
    incoming.close();
  }
  log.saved(request, result.file);
  return { result, unread: incoming.body.received === 0 };
}

function savedAnswer(
  request: Request,
  { file, replaced, digest }: SaveResult,
  unread: boolean,
): Response | Promise<Response> {
  const more = {
    location: file.url,
    etag: file.etag,
    ...timeAccepted(request.headers, file.modified),
    "server-timing": serverTiming(file.flow),
    ...(digest && { "repr-digest": formatDigest(digest.algorithm, digest.value) }),
  };
  if (!file.repeated || !unread) return jsonAnswer(file, replaced || file.repeated ? 200 : 201, more);
  return lingeringClose(request, JSON.stringify(file), 200, new Headers({ ...JSON_HEADERS, ...more }));
}
