// POST /api/copy: copies small files before answering, everything else in a background job.

import { Elysia } from "elysia";
import type { ClaimedName } from "../../core/naming/conflict.ts";
import { CopyOperation } from "../../core/tree/copy.ts";
import { claimedEntry, type JobReport } from "../../core/tree/copy-jobs.ts";
import type { Problem } from "../../errors.ts";
import { access } from "../../plugins/access.ts";
import { requestInfoOf } from "../../plugins/request-info.ts";
import { makerOf } from "../../plugins/revoking/own-uploads.ts";
import { CHANGE_PROBLEMS, json, problems } from "../openapi/answers.ts";
import { Job, Way } from "../openapi/change-shapes.ts";
import { requestHeaders } from "../openapi/headers.ts";
import { Entry } from "../openapi/shapes.ts";
import { entryAnswer } from "../support/entry-answer.ts";
import { withoutIdleTimeout } from "../support/idle-timeout.ts";
import { jsonAnswer } from "../support/json-answer.ts";
import { jsonBody, jsonRequest } from "../support/json-body.ts";
import { MOVE_PROBLEMS, moveRequest } from "../support/move-request.ts";
import type { Services } from "../support/services.ts";

const ASYNC = /(?:^|,)\s*respond-async\s*(?:[;,]|$)/i;

export function copy(services: Services) {
  const { uploader } = services;
  return new Elysia({ name: "copy" }).use(access(services)).post(
    "/api/copy",
    async ({ request, server }) => {
      const paths = moveRequest(services, request, "copy", await jsonBody(services, request, Way));
      const copying = await CopyOperation.begin(uploader, paths);
      const preferAsync = ASYNC.test(request.headers.get("prefer") ?? "");
      if (preferAsync || copying.large)
        return jobAnswer(await startJob(services, request, copying), preferAsync);
      const { signal } = new AbortController();
      const placed = await withoutIdleTimeout(services, request, server, () => copying.run(signal));
      copied(services, request, copying)(placed);
      return entryAnswer(claimedEntry(placed), placed.replaced ? 200 : 201);
    },
    {
      parse: "none",
      allow: ["read", "write"],
      response: {
        200: json(Entry, { description: "The copy replaced a file", headers: ["Location", "ETag"] }),
        201: json(Entry, { description: "The copy", headers: ["Location", "ETag"] }),
        202: json(Job, {
          description: "The copy continues in the background; `Location` reports its progress",
          headers: ["Location", "Preference-Applied"],
        }),
        ...problems(...CHANGE_PROBLEMS, ...MOVE_PROBLEMS, "too_many_jobs", "too_many_uploads"),
      },
      detail: {
        operationId: "copy",
        summary: "Copy a file or folder",
        description:
          "Folders, and files of more than 64 MiB, are copied in the background. A copy appears atomically or not at all. Every name is copied, also one that no URL can contain; symbolic links and special files are not, and `skipped` counts them. Replacing a file also needs the grant `replace`.",
        tags: ["Files"],
        parameters: requestHeaders("Prefer"),
        requestBody: jsonRequest(Way),
      },
    },
  );
}

/** Starts a copy as a background job. @throws Problem too_many_jobs, after discarding the copy */
export async function startJob(
  services: Services,
  request: Request,
  copying: CopyOperation,
): Promise<JobReport> {
  const { jobs, log } = services;
  requestInfoOf(request)?.keepAddress();
  try {
    const observer = {
      done: copied(services, request, copying),
      failed: (problem: Problem) => log.problem(request, problem),
    };
    return jobs.start(copying, observer, makerOf(request));
  } catch (error) {
    await copying.discard();
    throw error;
  }
}

/** Returns a callback that writes the audit line of a finished copy. */
function copied({ log }: Services, request: Request, operation: CopyOperation) {
  return ({ entry }: ClaimedName): void => {
    const {
      skipped,
      request: { from },
    } = operation;
    log.changed(request, { did: "copied", path: from, to: entry.path, skipped });
  };
}

function jobAnswer(job: JobReport, preferAsync: boolean): Response {
  return jsonAnswer({ job }, 202, {
    location: `/api/jobs/${job.id}`,
    "retry-after": "1",
    ...(preferAsync && { "preference-applied": "respond-async" }),
  });
}
