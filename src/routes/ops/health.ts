// GET /health: whether this server can take uploads now.

import { Elysia } from "elysia";
import { Problem } from "../../errors.ts";
import { access } from "../../plugins/access.ts";
import { version } from "../../version.ts";
import { json, problems } from "../openapi/answers.ts";
import { Health } from "../openapi/shapes.ts";
import type { Services } from "../support/services.ts";

/** Milliseconds a look at the disk holds: a probe every second must not become a load. */
const FRESH = 1000;

export function health({ config, uploader, storage, log }: Services) {
  let looked = Number.NEGATIVE_INFINITY;
  let writable: Promise<boolean> = Promise.resolve(true);

  const look = async (): Promise<boolean> => {
    try {
      await storage.check();
      await uploader.assertFreeSpace();
      return true;
    } catch (error) {
      const reason = error instanceof Problem ? error.detail : String(error);
      log.say(`Uploads cannot be taken: ${reason}`, "error");
      return false;
    }
  };

  return new Elysia({ name: "health" }).use(access(config.allow)).get(
    "/health",
    async ({ status }) => {
      if (uploader.draining) return status(503, { status: "draining" as const, version });
      // A server that only reads has nothing to write.
      if (!config.allow.has("write")) return { status: "ok" as const, version };
      if (performance.now() - looked > FRESH) {
        looked = performance.now();
        writable = look();
      }
      if (await writable) return { status: "ok" as const, version };
      return status(503, { status: "unwritable" as const, version });
    },
    {
      allow: "public",
      response: {
        200: json(Health, { description: "Uploads are taken" }),
        503: json(Health, {
          description: "Stopping, or the root cannot be written, or it has less than `--keep-free`",
        }),
        ...problems(),
      },
      detail: { operationId: "getHealth", summary: "Whether uploads can be taken", tags: ["Server"] },
    },
  );
}
