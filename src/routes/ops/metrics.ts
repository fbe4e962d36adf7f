// GET /metrics: metrics in the OpenMetrics format, for Prometheus and compatible scrapers.

import { Elysia } from "elysia";
import { access } from "../../plugins/access.ts";
import type { Gauges } from "../../plugins/metrics/gauges.ts";
import { problems, text } from "../openapi/answers.ts";
import type { Services } from "../support/services.ts";

export function metrics(services: Services, { registry }: Gauges) {
  return new Elysia({ name: "metrics" }).use(access(services)).get(
    "/metrics",
    async () =>
      new Response(await registry.metrics(), {
        headers: { "content-type": registry.contentType, "cache-control": "no-store" },
      }),
    {
      // The metrics contain no file name and no address, so a scraper needs no grant.
      allow: "public",
      response: {
        200: text({ description: "The metrics" }, "application/openmetrics-text"),
        ...problems(),
      },
      detail: {
        operationId: "getMetrics",
        summary: "Get metrics",
        description:
          "OpenMetrics text. It contains no path, name or address. `docs/metrics.md` explains each metric.",
        tags: ["Server"],
      },
    },
  );
}
