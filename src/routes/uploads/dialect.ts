// Answers a resumable upload in the dialect of its request: tus, or Resumable Uploads for HTTP.

import { speaksResumable } from "../../http/rufh/rufh.ts";
import { methodOf, speaksTus, TUS_VERSION } from "../../http/tus/tus.ts";
import type { Services } from "../support/services.ts";
import { NO_STORE, type UploadRequest } from "./resumable-request.ts";
import { rufh, rufhLimits } from "./rufh.ts";
import { tus, tusAbilities } from "./tus.ts";

/** The headers that a route sets besides those of its answer. */
export interface AnswerHeaders {
  headers: Record<string, string | number>;
}

/** @throws Problem */
export async function answerUpload(
  services: Services,
  set: AnswerHeaders,
  context: UploadRequest,
): Promise<Response> {
  const { request, drop } = context;
  const { headers } = request;
  const method = methodOf(request);
  if (method === "OPTIONS") return uploadAbilities(services, request, drop !== undefined);
  if (!speaksTus(headers) && (speaksResumable(headers) || method === "GET")) {
    // Set before the upload is created, so that a `file_too_large` answer has them too.
    if (method === "POST") Object.assign(set.headers, rufhLimits(services, headers));
    return await rufh(services, method, context);
  }
  set.headers["tus-resumable"] = TUS_VERSION;
  return await tus(services, method, context);
}

/** The answer to OPTIONS. @param drop whether it is that of a drop */
export function uploadAbilities(services: Services, request: Request, drop = false): Response {
  return new Response(null, {
    headers: { ...NO_STORE, ...tusAbilities(services, drop), ...rufhLimits(services, request.headers) },
  });
}
