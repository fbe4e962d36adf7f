// GET /metrics: metrics in the OpenMetrics format, for Prometheus and compatible scrapers.

import { Elysia } from "elysia";
import { ROOT } from "../../path.ts";
import { access, prove } from "../../plugins/access.ts";
import type { Gauges } from "../../plugins/metrics/gauges.ts";
import { problems, text } from "../openapi/answers.ts";
import type { Services } from "../support/services.ts";

export function metrics(services: Services, { registry }: Gauges) {
  return new Elysia({ name: "metrics" }).use(access(services)).get(
    "/metrics",
    async ({ request }) => {
      // The metrics contain no file name and no address, so that nothing is needed where there are no accounts.
      if (services.access.closed) prove(request, "list", ROOT);
      return new Response(await registry.metrics(), {
        headers: { "content-type": registry.contentType, "cache-control": "no-store" },
      });
    },
    {
      allow: "each",
      response: {
        200: text({ description: "The metrics" }, "application/openmetrics-text"),
        ...problems("login_required", "wrong_login", "not_allowed"),
      },
      detail: {
        operationId: "getMetrics",
        summary: "Get metrics",
        description:
          "OpenMetrics text. As soon as there are accounts, it needs `list` in the root. It contains no path, name or address. `docs/metrics.md` explains each metric.",
        tags: ["Server"],
      },
    },
  );
}
