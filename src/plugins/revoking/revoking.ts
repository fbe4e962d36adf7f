// Revoking: finds the asker of a running request again after a change of the grants, and ends what they lost.

import type { Access } from "../../access/access.ts";
import type { Asker } from "../../access/asker.ts";
import type { Word } from "../../config/config.ts";
import type { UploadFilter } from "../../core/report/active-uploads.ts";
import type { CopyJobs } from "../../core/tree/copy-jobs.ts";
import type { Uploader } from "../../core/upload/uploader.ts";
import { Problem } from "../../errors.ts";
import type { FilePath, FolderPath } from "../../path.ts";
import { askerOf } from "../access.ts";
import { requestInfoOf } from "../request-info.ts";

/** A word that a running answer needs at paths and everywhere below them, as far as it had it there. */
export interface Need {
  word: Word;
  paths: readonly (FilePath | FolderPath)[];
}

/** The problem of a request that lost what it needs. */
export function revoked(): Problem {
  return new Problem(
    "revoked",
    "The account, token or link of this request may no longer do this, so it was ended.",
  );
}

interface EndedWork {
  access: Access;
  uploader: Pick<Uploader, "activeUploads">;
  jobs: Pick<CopyJobs, "revoke">;
}

/**
 * From now on, ends the uploads and copies of askers who may not go on. Not when their session has ended, or their link
 * expired: that stops new ones only.
 */
export function endRevoked({ access, uploader, jobs }: EndedWork): void {
  access.onChange(() => {
    const problem = revoked();
    const may: UploadFilter = (path, madeBy) =>
      access.byMaker(madeBy?.maker ?? "")?.can("write", path) ?? false;
    uploader.activeUploads.revoke(may, problem);
    jobs.revoke(({ from, to }, madeBy) => {
      const asker = access.byMaker(madeBy?.maker ?? "");
      const has = (word: Word, path: FilePath): boolean =>
        asker?.can(word, path) === true && asker.refusedBelow(word, path) === null;
      return has("read", from) && has("write", to);
    }, problem);
  });
}

/** The asker of a long request with what they may do now. @throws Problem revoked */
export function renewAsker(access: Access, request: Request): Asker {
  const asker = askerOf(request);
  if (asker.rules === access.rules) return asker;
  const now = access.again(asker);
  const info = requestInfoOf(request);
  if (!now || !info) throw revoked();
  info.asker = now;
  return now;
}

/** Whether an asker still has what they had when their request was made. */
export function stillHas(access: Access, asker: Asker, { word, paths }: Need): boolean {
  if (asker.rules === access.rules) return true;
  const now = access.again(asker);
  return now !== null && !paths.some((path) => asker.exceeds(now, word, path));
}

/**
 * Calls `end` once, as soon as the asker of a request has lost something that its answer needs.
 * @returns a function that stops watching, for the end of the answer
 */
export function watchGrants(access: Access, request: Request, need: Need, end: () => void): () => void {
  const asker = askerOf(request);
  const stop = access.onChange(() => {
    if (stillHas(access, asker, need)) return;
    stop();
    end();
  });
  return stop;
}

/** Runs a step whose signal is also aborted, with `revoked`, when the asker has lost something that it needs. */
export async function whileGranted<T>(
  access: Access,
  request: Request,
  need: Need,
  step: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (!access.closed) return await step(request.signal);
  const lost = new AbortController();
  const stop = watchGrants(access, request, need, () => lost.abort(revoked()));
  try {
    return await step(AbortSignal.any([request.signal, lost.signal]));
  } finally {
    stop();
  }
}
