// POST /uploads and all methods of /uploads/{id}: resumable uploads, by tus or by Resumable Uploads for HTTP.

import { Elysia, t } from "elysia";
import type { Conflict as ConflictRule } from "../../config/config.ts";
import { speaksTus, TUS_VERSION } from "../../http/tus/tus.ts";
import { type FilePath, FilePathValue } from "../../path.ts";
import { access } from "../../plugins/access.ts";
import { empty, json, problems, UPLOAD_PROBLEMS } from "../openapi/answers.ts";
import { requestHeaders } from "../openapi/headers.ts";
import { Conflict, SavedFile } from "../openapi/shapes.ts";
import type { BunServer } from "../support/idle-timeout.ts";
import type { Services } from "../support/services.ts";
import { type AnswerHeaders, answerUpload, uploadAbilities } from "./dialect.ts";

const tags = ["Resumable upload"];
const CREATION_HEADERS = [
  "Tus-Resumable",
  "Upload-Length",
  "Upload-Defer-Length",
  "Upload-Metadata",
  "Upload-Concat",
] as const;
const DIGEST_HEADERS = ["Upload-Checksum", "Content-Digest", "Repr-Digest", "Want-Repr-Digest"] as const;
const VERSION_HEADERS = ["Tus-Resumable", "Upload-Draft-Interop-Version"] as const;
const STATE_HEADERS = ["Upload-Offset", "Upload-Length", "Upload-Expires", "Upload-Complete"] as const;
const FILE_HEADERS = ["Content-Location", "ETag", "Repr-Digest", "Server-Timing"] as const;
const SESSION_PROBLEMS = [
  "invalid_request",
  "not_allowed",
  "not_found",
  "upload_gone",
  "upload_cancelled",
  "revoked",
  "unsupported_version",
  "storage_failed",
] as const;
const APPEND_PROBLEMS = [
  ...UPLOAD_PROBLEMS,
  ...SESSION_PROBLEMS,
  "inconsistent_length",
  "offset_mismatch",
  "upload_locked",
  "checksum_mismatch",
] as const;
const requestBody = (types: string[]) => ({
  content: Object.fromEntries(
    types.map((type) => [type, { schema: { type: "string" as const, format: "binary" } }]),
  ),
});
const Id = t.Object({
  id: t.String({
    description: "Id of the upload, from `Location`. Keep it secret: it grants write access to the upload",
  }),
});

/** The answers to OPTIONS, with and without an upload id. */
const OPTIONS_ANSWERS = {
  200: empty({
    description: "Protocol versions, extensions and limits",
    headers: ["Tus-Version", "Tus-Extension", "Tus-Max-Size", "Upload-Limit"],
  }),
  ...problems("not_allowed"),
};

export function uploads(services: Services) {
  const { config } = services;
  type Context = {
    request: Request;
    server: BunServer;
    set: AnswerHeaders;
    query?: { path?: FilePath; conflict?: ConflictRule };
    params?: { id?: string };
  };

  const answer = ({ request, server, set, query, params }: Context): Promise<Response> =>
    answerUpload(services, set, {
      request,
      server,
      path: query?.path,
      conflict: query?.conflict ?? config.conflict ?? "rename",
      id: params?.id ?? "",
    });
  const abilities = ({ request }: { request: Request }): Response => uploadAbilities(services, request);

  return new Elysia({ name: "resumable" })
    .onRequest(({ request, set }) => {
      // Set here, so that requests refused before they reach a route have it too.
      if (speaksTus(request.headers)) set.headers["tus-resumable"] = TUS_VERSION;
    })
    .use(access(services))
    .post("/uploads", answer, {
      parse: "none",
      allow: "write",
      query: t.Object({ path: t.Optional(FilePathValue), conflict: t.Optional(Conflict) }),
      response: {
        201: json(SavedFile, {
          description:
            "The upload was created. The body is the saved file if the upload is already complete (not with tus)",
          headers: ["Location", ...STATE_HEADERS, "Upload-Limit", ...FILE_HEADERS],
        }),
        200: json(SavedFile, {
          description: "Already complete: the existing file was replaced",
          headers: FILE_HEADERS,
        }),
        ...problems(...APPEND_PROBLEMS, "too_many_waiting"),
      },
      detail: {
        operationId: "createUpload",
        summary: "Create a resumable upload",
        description:
          "tus 1.0.0 (with `Tus-Resumable`) or Resumable Uploads for HTTP (with `Upload-Complete`). The file is saved to `path`, else to the path in `Upload-Metadata` (`relativePath`, or `folder` and `filename`), else to the name in `Content-Disposition`. `Location` is a path on this server.",
        tags,
        parameters: requestHeaders(
          ...CREATION_HEADERS,
          ...DIGEST_HEADERS,
          "Upload-Complete",
          "Upload-Draft-Interop-Version",
          "Content-Disposition",
          "X-Request-Id",
        ),
        requestBody: requestBody(["application/offset+octet-stream", "application/octet-stream"]),
      },
    })
    .options("/uploads", abilities, {
      parse: "none",
      allow: "public",
      response: OPTIONS_ANSWERS,
      detail: {
        operationId: "getUploadAbilities",
        summary: "Protocol versions, extensions and limits",
        tags,
      },
    })
    .options("/uploads/:id", abilities, {
      parse: "none",
      allow: "public",
      params: Id,
      response: OPTIONS_ANSWERS,
      detail: {
        operationId: "getUploadAbilitiesById",
        summary: "Protocol versions, extensions and limits of an upload",
        tags,
      },
    })
    .head("/uploads/:id", answer, {
      parse: "none",
      allow: "upload",
      params: Id,
      response: {
        200: empty({
          description: "The state of a tus upload",
          headers: [...STATE_HEADERS, ...FILE_HEADERS],
        }),
        204: empty({
          description: "The state of the upload",
          headers: [...STATE_HEADERS, "Upload-Limit", ...FILE_HEADERS],
        }),
        ...problems(...SESSION_PROBLEMS),
      },
      detail: {
        operationId: "headUpload",
        summary: "Get the state of an upload",
        description:
          "Aborts a request that is still appending, so that the client can resume from the reported offset.",
        tags,
        parameters: requestHeaders(...VERSION_HEADERS),
      },
    })
    .get("/uploads/:id", answer, {
      parse: "none",
      allow: "upload",
      params: Id,
      response: {
        204: empty({
          description: "The state of the upload",
          headers: [...STATE_HEADERS, "Upload-Limit", ...FILE_HEADERS],
        }),
        ...problems(...SESSION_PROBLEMS),
      },
      detail: {
        operationId: "getUploadOffset",
        summary: "Get the state of an upload, as HEAD does",
        tags,
        parameters: requestHeaders(...VERSION_HEADERS),
      },
    })
    .patch("/uploads/:id", answer, {
      parse: "none",
      allow: "upload",
      params: Id,
      response: {
        200: json(SavedFile, {
          description: "Complete: the existing file was replaced",
          headers: [...STATE_HEADERS, ...FILE_HEADERS],
        }),
        201: json(SavedFile, {
          description:
            "Complete: a new file was saved. In older protocol versions also: the bytes were appended",
          headers: [...STATE_HEADERS, ...FILE_HEADERS],
        }),
        204: empty({ description: "The bytes were appended", headers: [...STATE_HEADERS, ...FILE_HEADERS] }),
        ...problems(...APPEND_PROBLEMS, "upload_complete", "concatenated_upload"),
      },
      detail: {
        operationId: "appendToUpload",
        summary: "Append bytes to an upload",
        description: "The last bytes complete the file. Bytes received before a connection is lost are kept.",
        tags,
        parameters: requestHeaders(
          ...VERSION_HEADERS,
          "Upload-Offset",
          "Upload-Length",
          ...DIGEST_HEADERS,
          "Upload-Complete",
        ),
        requestBody: requestBody(["application/offset+octet-stream", "application/partial-upload"]),
      },
    })
    .delete("/uploads/:id", answer, {
      parse: "none",
      allow: "upload",
      params: Id,
      response: {
        204: empty({ description: "The upload was deleted; a file it has already become is kept" }),
        ...problems(...SESSION_PROBLEMS),
      },
      detail: {
        operationId: "cancelUpload",
        summary: "Cancel an upload",
        tags,
        parameters: requestHeaders(...VERSION_HEADERS),
      },
    })
    .post("/uploads/:id", answer, { parse: "none", allow: "upload", params: Id, detail: { hide: true } });
}
