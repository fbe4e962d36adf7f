// The answer with folders and files as one archive, streamed while it is made.

import { paced } from "../../../core/admission/cap-share.ts";
import type { Format } from "../../../core/archive/archive.ts";
import { asProblem } from "../../../errors.ts";
import { attachment } from "../../../http/disposition/disposition.ts";
import type { FilePath, FolderPath } from "../../../path.ts";
import { askerOf } from "../../../plugins/access.ts";
import type { Download } from "../../../plugins/log.ts";
import { requestInfoOf, timed } from "../../../plugins/request-info.ts";
import { watchGrants } from "../../../plugins/revoking/revoking.ts";
import { AnswerCut } from "../connection/answer-cut.ts";
import { shareOf } from "../connection/request-caps.ts";
import type { BunServer } from "../idle-timeout.ts";
import type { Services } from "../services.ts";
import { PATIENCE } from "./send-file.ts";

/** The media types of archives. */
export const ARCHIVE_TYPES: Readonly<Record<Format, string>> = {
  zip: "application/zip",
  tar: "application/x-tar",
  "tar.gz": "application/gzip",
  "tar.zst": "application/zstd",
};

/** The contents of an archive. */
export interface ArchiveOptions {
  paths: readonly FolderPath[];
  format: Format;
  /** Called before an answer with bytes, not for HEAD; may refuse it. */
  spend?: () => Promise<void>;
}

/** Answers a GET or HEAD with an archive of the entries that the asker may read. @throws Problem too_many_archives, not_found */
export async function archiveAnswer(
  { config, access, archives, log, caps }: Services,
  request: Request,
  server: BunServer,
  { paths, format, spend }: ArchiveOptions,
): Promise<Response> {
  const asker = askerOf(request);
  const may = {
    view: asker.view,
    reads: (path: FilePath | FolderPath) => asker.can("read", path) || asker.leadsTo("read", path),
  };
  const archive = await timed(request, "looking", () =>
    archives.open(paths, format, requestInfoOf(request)?.client, may),
  );
  const name = `${archive.name}.${format}`;
  const headers = new Headers({
    "content-type": ARCHIVE_TYPES[format],
    "content-disposition": attachment(name),
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    ...(archive.size !== undefined && { "x-archive-bytes": String(archive.size) }),
  });
  if (request.method === "HEAD") {
    archive.close();
    // Otherwise Bun would send `Content-Length: 0`.
    headers.set("transfer-encoding", "chunked");
    return new Response(null, { headers });
  }
  await spend?.().catch((error: unknown) => {
    archive.close();
    throw error;
  });
  const began = performance.now();
  requestInfoOf(request)?.logOnFinish();
  const share = shareOf({ caps }, request);
  const renew = () => void server?.timeout(request, Math.ceil(config.idleTimeout) * PATIENCE);
  const cut = new AnswerCut(request, server);
  let revoked = false;
  const stop = watchGrants(access, request, { word: "read", paths }, () => {
    revoked = true;
    cut.cut();
  });
  const ended = (ending: Download["ending"], bytes: number | null): void => {
    stop();
    log.sent(request, {
      path: name,
      bytes,
      seconds: (performance.now() - began) / 1000,
      ending,
      cap: share?.name,
      skipped: archive.skipped,
    });
  };
  const stream = archive.stream({
    pulled: renew,
    sent: (bytes) => ended("sent", bytes),
    cancelled: () => ended(revoked ? "revoked" : "cut", archive.size ?? null),
    failed: (error) => {
      stop();
      log.problem(request, asProblem(error, "The archive was cut, because it could not be made."));
    },
  });
  return new Response(cut.stream(share ? paced(stream, share, renew) : stream), { headers });
}
