// GET /api/jobs, GET and DELETE /api/jobs/{id}: lists, reports and cancels background copies.

import { Elysia, t } from "elysia";
import type { JobFilter } from "../../core/tree/copy-jobs.ts";
import { ROOT } from "../../path.ts";
import { access, askerOf, prove } from "../../plugins/access.ts";
import { isOwn } from "../../plugins/revoking/own-uploads.ts";
import { empty, json, problems } from "../openapi/answers.ts";
import { Job, Jobs } from "../openapi/change-shapes.ts";
import type { Services } from "../support/services.ts";

const params = t.Object({ id: t.String({ maxLength: 64, description: "From the `Location` of a copy" }) });

export function jobRoutes(services: Services) {
  const { jobs } = services;
  return new Elysia({ name: "jobs" })
    .use(access(services))
    .get(
      "/api/jobs",
      ({ request }) => {
        prove(request, [], ROOT);
        return { jobs: jobs.reports(seenJobs(request)) };
      },
      {
        allow: "list",
        response: {
          200: json(Jobs, {
            description: "Running and queued jobs, and those that ended within the last hour",
          }),
          ...problems("not_allowed"),
        },
        detail: { operationId: "listJobs", summary: "List background copies", tags: ["Files"] },
      },
    )
    .get(
      "/api/jobs/:id",
      ({ request, params }) => {
        prove(request, [], ROOT);
        return { job: jobs.report(params.id, seenJobs(request)) };
      },
      {
        allow: "list",
        params,
        response: {
          200: json(Job, { description: "The state of the job" }),
          ...problems("not_allowed", "not_found", "invalid_request"),
        },
        detail: { operationId: "getJob", summary: "Get the state of a copy", tags: ["Files"] },
      },
    )
    .delete(
      "/api/jobs/:id",
      async ({ request, params }) => {
        prove(request, [], ROOT);
        const { to } = jobs.report(params.id, seenJobs(request));
        prove(request, "write", to);
        await jobs.cancel(params.id);
        return new Response(null, { status: 204 });
      },
      {
        allow: "write",
        params,
        response: {
          204: empty({ description: "The job was cancelled or deleted" }),
          ...problems("not_allowed", "not_found", "invalid_request"),
        },
        detail: {
          operationId: "cancelJob",
          summary: "Cancel a copy",
          description:
            "A running copy is deleted. A job that has ended is removed from the list; its copy is kept.",
          tags: ["Files"],
        },
      },
    );
}

/** Selects the jobs that the asker of a request may know of: their own, and those of paths that they may list. */
function seenJobs(request: Request): JobFilter {
  const asker = askerOf(request);
  return ({ from, to }, madeBy) =>
    isOwn(request, madeBy) || (asker.can("list", from) && asker.can("list", to));
}
