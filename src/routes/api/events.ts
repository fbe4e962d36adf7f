// GET /api/uploads/events: what is arriving, told again and again while it changes.

import { Elysia, t } from "elysia";
import { access } from "../../plugins/access.ts";
import { events as answer, problems } from "../openapi/answers.ts";
import { requestHeaders } from "../openapi/headers.ts";
import { Ended, Uploads } from "../openapi/shapes.ts";
import type { Services } from "../support/services.ts";

/** Seconds after which a client that takes nothing is cut off. More than the time between two comments. */
const PATIENCE = 30;

const HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  // nginx would collect events until they fill a buffer.
  "x-accel-buffering": "no",
  "x-content-type-options": "nosniff",
};

/** @param patience see above */
export function watchUploads({ config, events }: Services, patience = PATIENCE) {
  return new Elysia({ name: "events" }).use(access(config.allow)).get(
    "/api/uploads/events",
    ({ request, server }) => {
      // Elysia answers HEAD by this, too, and reads its body to the end.
      if (request.method === "HEAD")
        return new Response(null, { headers: { ...HEADERS, "transfer-encoding": "chunked" } });
      const listener = events.listen(request.headers.get("last-event-id"), () =>
        // Who has not taken the end by then does not take anything.
        server?.timeout(request, 1),
      );
      // Bun ends a connection that takes nothing for so long, whatever waits to be sent.
      server?.timeout(request, patience);
      const stream = new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            const news = await listener.next();
            if (news === null) controller.close();
            for (const bytes of news ?? []) controller.enqueue(bytes);
          },
          cancel: () => listener.close(),
        },
        { highWaterMark: 0 },
      );
      return new Response(stream, { headers: HEADERS });
    },
    {
      allow: "read",
      response: {
        200: answer(t.Union([Uploads, Ended]), {
          description:
            "Events. `uploads` says what `GET /api/uploads` says: at once, and when it changed, at most ten times a second (fewer when many are listed). Before it comes one `ended` for each upload that ended meanwhile. A comment is sent after 15 s of silence",
        }),
        ...problems("not_allowed", "too_many_listeners", "draining"),
      },
      detail: {
        operationId: "getUploadEvents",
        summary: "What is arriving, as events while it changes",
        description:
          "Server-Sent Events. Whoever comes back with `Last-Event-ID` hears of what ended meanwhile, of at most the last 256. Nothing is kept for slow clients: they miss snapshots, and who takes nothing for 30 s is cut off. The events end when the server stops.",
        tags: ["Upload"],
        parameters: requestHeaders("Last-Event-ID"),
      },
    },
  );
}
