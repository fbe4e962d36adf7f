// Form uploads: the boundary, the files of one form from request to answer.

import { serverTiming } from "../../core/report/flow-report.ts";
import { type FormOptions, type FormSaveResult, FormUpload } from "../../core/upload/form.ts";
import type { SavedFile } from "../../core/upload/saved-file.ts";
import { Problem, type ProblemExtras } from "../../errors.ts";
import { boundaryOf, MultipartError } from "../../http/multipart/parser.ts";
import { detailFor } from "../../plugins/errors.ts";
import { lingeringClose } from "../../plugins/lingering-close.ts";
import { makerOf } from "../../plugins/revoking/own-uploads.ts";
import type { BunServer } from "./idle-timeout.ts";
import { JSON_HEADERS, jsonAnswer } from "./json-answer.ts";
import { type HeaderOptions, receive, withKey } from "./request-body.ts";
import type { Services } from "./services.ts";

/** The boundary of a form; null when the body is not one. @throws Problem invalid_multipart */
export function boundaryIn(request: Request): string | null {
  try {
    return boundaryOf(request.headers.get("content-type"));
  } catch (error) {
    if (!(error instanceof MultipartError)) throw error;
    throw new Problem("invalid_multipart", error.message, { cause: error });
  }
}

/** Saves the files of a form, and logs them. @throws Problem */
export async function receiveForm(
  services: Services,
  request: Request,
  server: BunServer,
  options: Pick<FormOptions, "folder" | "boundary" | "permit" | "allow"> & { intent: HeaderOptions },
): Promise<FormSaveResult> {
  const { uploader, config, log } = services;
  const { intent } = options;
  if (intent.digests.length > 0)
    throw new Problem(
      "invalid_digest",
      "A digest of a whole form is not supported, because its files are saved before the form ends: send each file alone.",
    );
  const { maxFiles, maxErrors } = config;
  const form = new FormUpload({
    ...options,
    uploader,
    maxFiles,
    maxErrors,
    intent: { ...intent, madeBy: makerOf(request) },
  });
  const incoming = receive(services, request, server, { content: "form" });
  let result: FormSaveResult;
  try {
    result = await withKey(services, intent.key, () => form.read(incoming.body, incoming.saving));
  } finally {
    incoming.close();
  }
  for (const file of result.files) log.saved(request, file);
  for (const failure of result.failures) {
    // If no file was saved, the first problem becomes the answer and is logged as such.
    if (result.files.length > 0 || failure !== result.first) log.problem(request, failure);
  }
  return result;
}

/**
 * `201` if all files were saved, `200` if all were here already, `207` if some failed; if all did, throws the first problem.
 * @param shown a file as the client may see it
 */
export function formAnswer<Shown>(
  request: Request,
  { files, errors: all, errorsOmitted, first }: FormSaveResult,
  shown: (file: SavedFile) => Shown,
): Response | Promise<Response> {
  const errors = all.map((error) => ({ ...error, detail: detailFor(request, error) }));
  if (files.length === 0) {
    if (!first) throw new Problem("no_files", "No part of the form has a file name.");
    const extras: ProblemExtras = { errors, errorsOmitted, headers: first.headers, cause: first.cause };
    throw new Problem(first.code, first.detail, extras);
  }
  const answer = { files: files.map(shown), errors, errorsOmitted };
  const timing = { "server-timing": serverTiming(...files.map(({ flow }) => flow)) };
  const repeated = files.every((file) => file.repeated);
  if (!first) return jsonAnswer(answer, repeated ? 200 : 201, timing);
  return lingeringClose(request, JSON.stringify(answer), 207, new Headers({ ...JSON_HEADERS, ...timing }));
}
