// GET /health: whether the server currently accepts uploads.

import { Elysia } from "elysia";
import { Problem } from "../../errors.ts";
import { access } from "../../plugins/access.ts";
import { version } from "../../version.ts";
import { json, problems } from "../openapi/answers.ts";
import { Health } from "../openapi/shapes.ts";
import type { Services } from "../support/services.ts";

/** Milliseconds that the result of a disk check is reused, so that frequent health checks cost little. */
const CHECK_INTERVAL = 1000;

export function health(services: Services) {
  const { uploader, storage, log } = services;
  let checked = Number.NEGATIVE_INFINITY;
  let writable: Promise<boolean> = Promise.resolve(true);

  const check = async (): Promise<boolean> => {
    try {
      await storage.check();
      await uploader.assertFreeSpace();
      return true;
    } catch (error) {
      const reason = error instanceof Problem ? error.detail : String(error);
      log.say(`Uploads cannot be accepted: ${reason}`, "error");
      return false;
    }
  };

  return new Elysia({ name: "health" }).use(access(services)).get(
    "/health",
    async ({ status }) => {
      if (uploader.draining) return status(503, { status: "draining" as const, version });
      // Without the grant `write` the root need not be writable.
      if (!services.access.mayChange) return { status: "ok" as const, version };
      if (performance.now() - checked > CHECK_INTERVAL) {
        checked = performance.now();
        writable = check();
      }
      if (await writable) return { status: "ok" as const, version };
      return status(503, { status: "unwritable" as const, version });
    },
    {
      allow: "public",
      response: {
        200: json(Health, { description: "Uploads are accepted" }),
        503: json(Health, {
          description:
            "The server is shutting down, the root is not writable, or less than `--keep-free` is free",
        }),
        ...problems(),
      },
      detail: { operationId: "getHealth", summary: "Check whether uploads are accepted", tags: ["Server"] },
    },
  );
}
