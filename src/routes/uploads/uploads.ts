// POST /uploads and everything on /uploads/{id}: resumable uploads, in the dialect the request speaks.

import { Elysia, t } from "elysia";
import type { Conflict as ConflictRule } from "../../config/config.ts";
import { speaksResumable } from "../../http/rufh/rufh.ts";
import { methodOf, speaksTus, TUS_VERSION } from "../../http/tus/tus.ts";
import { type FilePath, FilePathValue } from "../../path.ts";
import { access } from "../../plugins/access.ts";
import { empty, json, problems, UPLOAD_PROBLEMS } from "../openapi/answers.ts";
import { requestHeaders } from "../openapi/headers.ts";
import { Conflict, SavedFile } from "../openapi/shapes.ts";
import type { Listener } from "../support/idle-timeout.ts";
import type { Services } from "../support/services.ts";
import { NO_STORE } from "./resumable-request.ts";
import { rufh, rufhLimits } from "./rufh.ts";
import { tus, tusAbilities } from "./tus.ts";

const tags = ["Resumable upload"];
const CREATION = [
  "Tus-Resumable",
  "Upload-Length",
  "Upload-Defer-Length",
  "Upload-Metadata",
  "Upload-Concat",
] as const;
const COMPARED = ["Upload-Checksum", "Content-Digest", "Repr-Digest", "Want-Repr-Digest"] as const;
const VERSIONS = ["Tus-Resumable", "Upload-Draft-Interop-Version"] as const;
const STATE = ["Upload-Offset", "Upload-Length", "Upload-Expires", "Upload-Complete"] as const;
const FINISHED = ["Content-Location", "ETag", "Repr-Digest", "Server-Timing"] as const;
const ASKING = [
  "invalid_request",
  "not_allowed",
  "not_found",
  "upload_gone",
  "unsupported_version",
  "storage_failed",
] as const;
const ADDING = [
  ...UPLOAD_PROBLEMS,
  ...ASKING,
  "inconsistent_length",
  "offset_mismatch",
  "unsupported_type",
  "upload_locked",
  "checksum_mismatch",
] as const;
const requestBody = (types: string[]) => ({
  content: Object.fromEntries(
    types.map((type) => [type, { schema: { type: "string" as const, format: "binary" } }]),
  ),
});
const Id = t.Object({
  id: t.String({ description: "Id of the upload, from `Location`: whoever knows it may write" }),
});

/** The answers to OPTIONS, with an upload's id or without. */
const ABILITIES = {
  200: empty({
    description: "What resumable uploads can be",
    headers: ["Tus-Version", "Tus-Extension", "Tus-Max-Size", "Upload-Limit"],
  }),
  ...problems("not_allowed"),
};

export function uploads(services: Services) {
  const { config } = services;
  type Asked = {
    request: Request;
    server: Listener;
    set: { headers: Record<string, string | number> };
    query?: { path?: FilePath; conflict?: ConflictRule };
    params?: { id?: string };
  };

  const answer = async ({ request, server, set, query, params }: Asked): Promise<Response> => {
    const { headers } = request;
    const method = methodOf(request);
    const asked = {
      request,
      server,
      path: query?.path,
      conflict: query?.conflict ?? config.conflict ?? ("rename" as const),
      id: params?.id ?? "",
    };
    if (method === "OPTIONS") return abilities({ request });
    if (!speaksTus(headers) && (speaksResumable(headers) || method === "GET")) {
      // Also with the problem of a file that is too large.
      if (method === "POST") Object.assign(set.headers, rufhLimits(services, headers));
      return await rufh(services, method, asked);
    }
    set.headers["tus-resumable"] = TUS_VERSION;
    return await tus(services, method, asked);
  };
  const abilities = ({ request }: { request: Request }): Response =>
    new Response(null, {
      headers: { ...NO_STORE, ...tusAbilities(services), ...rufhLimits(services, request.headers) },
    });

  return new Elysia({ name: "resuming" })
    .onRequest(({ request, set }) => {
      // Also on what is refused before it gets to a route here.
      if (speaksTus(request.headers)) set.headers["tus-resumable"] = TUS_VERSION;
    })
    .use(access(config.allow))
    .post("/uploads", answer, {
      parse: "none",
      allow: "write",
      query: t.Object({ path: t.Optional(FilePathValue), conflict: t.Optional(Conflict) }),
      response: {
        201: json(SavedFile, {
          description: "The upload was made; the body is the file, if it is complete already (not with tus)",
          headers: ["Location", ...STATE, "Upload-Limit", ...FINISHED],
        }),
        200: json(SavedFile, {
          description: "Complete already: the file of this name was replaced",
          headers: FINISHED,
        }),
        ...problems(...ADDING, "too_many_waiting"),
      },
      detail: {
        operationId: "createUpload",
        summary: "Make an upload that can be resumed",
        description:
          "tus 1.0.0 (with `Tus-Resumable`) or Resumable Uploads for HTTP (with `Upload-Complete`). The file goes to `path`, else where `Upload-Metadata` (`relativePath`, or `folder` and `filename`) or `Content-Disposition` say. `Location` is a path on this server.",
        tags,
        parameters: requestHeaders(
          ...CREATION,
          ...COMPARED,
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
      allow: "write",
      response: ABILITIES,
      detail: { operationId: "getUploadAbilities", summary: "What resumable uploads can be", tags },
    })
    .options("/uploads/:id", abilities, {
      parse: "none",
      allow: "write",
      params: Id,
      response: ABILITIES,
      detail: { operationId: "getUploadAbilitiesById", summary: "What this upload can be", tags },
    })
    .head("/uploads/:id", answer, {
      parse: "none",
      allow: "write",
      params: Id,
      response: {
        200: empty({ description: "Where a tus upload stands", headers: [...STATE, ...FINISHED] }),
        204: empty({
          description: "Where the upload stands",
          headers: [...STATE, "Upload-Limit", ...FINISHED],
        }),
        ...problems(...ASKING),
      },
      detail: {
        operationId: "headUpload",
        summary: "Where an upload stands",
        description: "Ends a request that still adds to it, so that the offset is the one to go on from.",
        tags,
        parameters: requestHeaders(...VERSIONS),
      },
    })
    .get("/uploads/:id", answer, {
      parse: "none",
      allow: "write",
      params: Id,
      response: {
        204: empty({
          description: "Where the upload stands",
          headers: [...STATE, "Upload-Limit", ...FINISHED],
        }),
        ...problems(...ASKING),
      },
      detail: {
        operationId: "getUploadOffset",
        summary: "Where an upload stands, as HEAD says it",
        tags,
        parameters: requestHeaders(...VERSIONS),
      },
    })
    .patch("/uploads/:id", answer, {
      parse: "none",
      allow: "write",
      params: Id,
      response: {
        200: json(SavedFile, {
          description: "Complete: the file of this name was replaced",
          headers: [...STATE, ...FINISHED],
        }),
        201: json(SavedFile, {
          description: "Complete: a new file was saved; or, in old versions, the bytes were added",
          headers: [...STATE, ...FINISHED],
        }),
        204: empty({ description: "The bytes were added", headers: [...STATE, ...FINISHED] }),
        ...problems(...ADDING, "upload_complete", "concatenated_upload"),
      },
      detail: {
        operationId: "appendToUpload",
        summary: "Add bytes to an upload",
        description:
          "With the last bytes it becomes a file. What arrived before a connection was cut is kept.",
        tags,
        parameters: requestHeaders(
          ...VERSIONS,
          "Upload-Offset",
          "Upload-Length",
          ...COMPARED,
          "Upload-Complete",
        ),
        requestBody: requestBody(["application/offset+octet-stream", "application/partial-upload"]),
      },
    })
    .delete("/uploads/:id", answer, {
      parse: "none",
      allow: "write",
      params: Id,
      response: {
        204: empty({ description: "Cancelled and removed; a file made of it stays" }),
        ...problems(...ASKING),
      },
      detail: {
        operationId: "cancelUpload",
        summary: "Cancel an upload",
        tags,
        parameters: requestHeaders(...VERSIONS),
      },
    })
    .post("/uploads/:id", answer, { parse: "none", allow: "write", params: Id, detail: { hide: true } });
}
