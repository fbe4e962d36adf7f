// GET /metrics: the gauges, for Prometheus and whatever reads its format.

import { Elysia } from "elysia";
import { access } from "../../plugins/access.ts";
import type { Gauges } from "../../plugins/gauges.ts";
import { problems, text } from "../openapi/answers.ts";
import type { Services } from "../support/services.ts";

export function metrics({ config }: Services, { registry }: Gauges) {
  return new Elysia({ name: "metrics" }).use(access(config.allow)).get(
    "/metrics",
    async () =>
      new Response(await registry.metrics(), {
        headers: { "content-type": registry.contentType, "cache-control": "no-store" },
      }),
    {
      // Figures only, no name of a file and no address: what /health says, in numbers. Whoever scrapes need not be one who reads files.
      allow: "public",
      response: {
        200: text({ description: "The gauges" }, "application/openmetrics-text"),
        ...problems(),
      },
      detail: {
        operationId: "getMetrics",
        summary: "What the server does, in figures",
        description:
          "OpenMetrics text. Labels are words of the server: no path, name or address is in it. `docs/metrics.md` explains each figure.",
        tags: ["Server"],
      },
    },
  );
}
