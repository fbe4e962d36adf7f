// GET /api/uploads/events: Server-Sent Events about running and unfinished uploads.

import { Elysia, t } from "elysia";
import type { FeedView } from "../../core/live/event-feed.ts";
import { ROOT } from "../../path.ts";
import { access, askerOf, prove } from "../../plugins/access.ts";
import { requestInfoOf } from "../../plugins/request-info.ts";
import { makerOf, seenUploads } from "../../plugins/revoking/own-uploads.ts";
import { events as answer, problems } from "../openapi/answers.ts";
import { requestHeaders } from "../openapi/headers.ts";
import { Ended, Uploads } from "../openapi/shapes.ts";
import type { Services } from "../support/services.ts";

/** Seconds after which a client that reads nothing is disconnected. Longer than the interval of comments. */
const PATIENCE = 30;

const HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  // nginx would collect events until they fill a buffer.
  "x-accel-buffering": "no",
  "x-content-type-options": "nosniff",
};

/** @param patience seconds after which a client that reads nothing is disconnected */
export function watchUploads(services: Services, patience = PATIENCE) {
  const { events, access: known } = services;
  return new Elysia({ name: "events" }).use(access(services)).get(
    "/api/uploads/events",
    ({ request, server }) => {
      const asker = prove(request, [], ROOT);
      // Elysia answers HEAD with this handler and would read the endless body.
      if (request.method === "HEAD")
        return new Response(null, { headers: { ...HEADERS, "transfer-encoding": "chunked" } });
      const listener = events.listen(
        request.headers.get("last-event-id"),
        // A client that has not read the end of the stream within a second reads nothing at all.
        () => server?.timeout(request, 1),
        requestInfoOf(request)?.client,
        viewFor(request),
      );
      const stop = known.onChange(() => {
        const now = known.again(asker);
        const info = requestInfoOf(request);
        if (!now?.canSomewhere("list") || !info) return listener.end();
        info.asker = now;
        listener.view = viewFor(request);
      });
      // Bun closes a connection that reads nothing for this long.
      server?.timeout(request, patience);
      const stream = new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            const batch = await listener.next();
            for (const bytes of batch ?? []) controller.enqueue(bytes);
            if (batch !== null) return;
            stop();
            controller.close();
          },
          cancel() {
            stop();
            listener.close();
          },
        },
        { highWaterMark: 0 },
      );
      return new Response(stream, { headers: HEADERS });
    },
    {
      allow: "list",
      response: {
        200: answer(t.Union([Uploads, Ended]), {
          description:
            "Events. `uploads` holds the answer of `GET /api/uploads`: sent immediately and after changes, at most ten times a second (less often for long lists). It is preceded by one `ended` for each upload that has ended since. A comment is sent after 15 s of silence",
        }),
        ...problems("not_allowed", "too_many_listeners", "draining"),
      },
      detail: {
        operationId: "getUploadEvents",
        summary: "Follow uploads as events",
        description:
          "Server-Sent Events. A client that reconnects with `Last-Event-ID` receives the uploads that ended in between, up to the last 256. Nothing is buffered for slow clients: they miss snapshots, and a client that reads nothing for 30 s is disconnected. The stream ends when the server stops.",
        tags: ["Upload"],
        parameters: requestHeaders("Last-Event-ID"),
      },
    },
  );
}

/** The view of the uploads that the asker of a request may know of. */
function viewFor(request: Request): FeedView {
  const { view } = askerOf(request);
  const key = view === undefined ? "" : JSON.stringify([view, makerOf(request)]);
  return { key, sees: seenUploads(request) };
}
