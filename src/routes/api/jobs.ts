// GET /api/jobs, GET and DELETE /api/jobs/{id}: how copies in the background are doing.

import { Elysia, t } from "elysia";
import { access } from "../../plugins/access.ts";
import { empty, json, problems } from "../openapi/answers.ts";
import { Job, Jobs } from "../openapi/change-shapes.ts";
import type { Services } from "../support/services.ts";

const params = t.Object({ id: t.String({ maxLength: 64, description: "From the `Location` of a copy" }) });

export function jobRoutes({ config, jobs }: Services) {
  return new Elysia({ name: "jobs" })
    .use(access(config.allow))
    .get("/api/jobs", () => ({ jobs: jobs.reports() }), {
      allow: "read",
      response: {
        200: json(Jobs, { description: "Those that run or wait, and those that ended within the hour" }),
        ...problems("not_allowed"),
      },
      detail: { operationId: "listJobs", summary: "Copies in the background", tags: ["Files"] },
    })
    .get("/api/jobs/:id", ({ params }) => ({ job: jobs.report(params.id) }), {
      allow: "read",
      params,
      response: {
        200: json(Job, { description: "How it is doing" }),
        ...problems("not_allowed", "not_found", "invalid_request"),
      },
      detail: { operationId: "getJob", summary: "How a copy is doing", tags: ["Files"] },
    })
    .delete(
      "/api/jobs/:id",
      async ({ params }) => {
        await jobs.cancel(params.id);
        return new Response(null, { status: 204 });
      },
      {
        allow: "write",
        params,
        response: {
          204: empty({ description: "Nothing of it goes on" }),
          ...problems("not_allowed", "not_found", "invalid_request"),
        },
        detail: {
          operationId: "cancelJob",
          summary: "End a copy",
          description: "Nothing of it is left. One that has ended is forgotten, and what it made stays.",
          tags: ["Files"],
        },
      },
    );
}
