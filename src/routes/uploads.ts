// GET /api/uploads: what is arriving now, and what waits to be resumed.

import { Elysia } from "elysia";
import { access } from "../plugins/access.ts";
import { json, problems } from "./answers.ts";
import type { Services } from "./services.ts";
import { Uploads } from "./shapes.ts";

export function listUploads({ config, engine, uploads }: Services) {
  return new Elysia({ name: "uploads" })
    .use(access(config.allow))
    .get("/api/uploads", () => ({ uploads: [...engine.running.reports(), ...uploads.reports()] }), {
      allow: "read",
      response: { 200: json(Uploads, { description: "None, or some" }), ...problems("not_allowed") },
      detail: {
        operationId: "listUploads",
        summary: "Uploads that are arriving now, or wait to be resumed",
        tags: ["Upload"],
      },
    });
}
