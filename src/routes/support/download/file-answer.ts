// The answer to a download of an open file: conditions, ranges, digests, and the headers that describe it.

import { preconditionFailed } from "../../../core/naming/refusals.ts";
import { Problem } from "../../../errors.ts";
import { failedCondition, rangeApplies, readingPreconditionsOf } from "../../../http/conditions.ts";
import { type Digest, formatDigest, wantedDigest } from "../../../http/digest.ts";
import { attachment, inline } from "../../../http/disposition/disposition.ts";
import { select } from "../../../http/ranges/range.ts";
import { nameOf } from "../../../path.ts";
import type { FileEntry } from "../../../storage/entry.ts";
import type { StoredFile } from "../../../storage/stored-file.ts";
import { type BunServer, withoutIdleTimeout } from "../idle-timeout.ts";
import type { Services } from "../services.ts";
import { mediaTypeOf, policyOf } from "./media-type.ts";
import { sendFile } from "./send-file.ts";

/** The parameters of a download. */
export interface DownloadOptions {
  request: Request;
  server: BunServer;
  /** Whether browsers should save the file instead of displaying it. */
  save: boolean;
  /** Called before an answer with bytes of the file, not before others; may refuse it. */
  spend?: (entry: FileEntry) => Promise<void>;
}

/**
 * Answers a GET or HEAD with an open file, and closes it. Uses only the open file: its name may refer to another file by now.
 * @throws Problem precondition_failed, range_not_satisfiable
 */
export async function fileAnswer(
  services: Services,
  file: StoredFile,
  options: DownloadOptions,
): Promise<Response> {
  const answer = await answerTo(services, options, file).catch(async (error) => {
    await file.close();
    throw error;
  });
  const { request, server } = options;
  if (!(answer instanceof Response))
    return await sendFile(file, answer.selection, answer.headers, { ...services, request, server });
  await file.close();
  return answer;
}

/** A complete answer without file bytes, or the selection and headers for an answer with them. */
async function answerTo(
  services: Services,
  { request, server, save, spend }: DownloadOptions,
  file: StoredFile,
) {
  const { entry } = file;
  const current = { etag: entry.etag, modified: lastModified(entry) };
  const failed = failedCondition(readingPreconditionsOf(request.headers), current);
  if (failed === "If-Match" || failed === "If-Unmodified-Since") throw preconditionFailed(failed);
  if (failed !== null) return new Response(null, { status: 304, headers: validators(current) });

  const headers = new Headers([...validators(current), ...(await description(file, save))]);
  // Bun adds Date itself, but not to HEAD, and it would send the header of a file answer in five packets.
  headers.set("date", new Date().toUTCString());
  const digest = await digestFor(services, request, server, entry);
  if (digest) headers.set("repr-digest", formatDigest(digest.algorithm, digest.value));
  if (request.method === "HEAD") {
    headers.set("content-length", String(entry.size));
    return new Response(null, { headers });
  }
  const applies = rangeApplies(request.headers, current);
  const selection = applies ? select(request.headers.get("range"), entry.size) : "whole";
  if (selection === "nothing")
    throw new Problem("range_not_satisfiable", `The file has ${entry.size} bytes.`, {
      headers: { "content-range": `bytes */${entry.size}` },
    });
  await spend?.(entry);
  // Bun also evaluates If-Range but skips the one-second rule (RFC 9110 section 8.8.2.2). Without Last-Modified it sends the
  // whole file.
  if (!applies && request.headers.get("if-range") === headers.get("last-modified"))
    headers.delete("last-modified");
  return { selection, headers };
}

async function digestFor(
  services: Services,
  request: Request,
  server: BunServer,
  entry: FileEntry,
): Promise<Digest | null> {
  const algorithm = wantedDigest(request.headers.get("want-repr-digest"));
  if (algorithm === null) return null;
  const compute = () => services.uploader.fileDigests.of(entry, algorithm, request.signal);
  return await withoutIdleTimeout(services, request, server, compute, "digest");
}

/** Never later than now (RFC 9110 section 8.8.2.1): the clock may have been set back. */
function lastModified({ modified }: FileEntry): Date {
  return new Date(Math.min(modified.getTime(), Date.now()));
}

/** The headers that a 304 also carries. */
function validators({ etag, modified }: { etag: string; modified: Date }): [string, string][] {
  return [
    ["cache-control", "no-cache"],
    ["etag", etag],
    ["last-modified", modified.toUTCString()],
  ];
}

async function description(file: StoredFile, save: boolean): Promise<[string, string][]> {
  const name = nameOf(file.entry.path);
  const type = await mediaTypeOf(file);
  return [
    ["content-type", type],
    ["content-disposition", save ? attachment(name) : inline(name)],
    ["content-security-policy", policyOf(type)],
    ["x-content-type-options", "nosniff"],
    ["accept-ranges", "bytes"],
  ];
}
