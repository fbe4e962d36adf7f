// GET /api/search: finds entries by name; the answer is one JSON document or one JSON line per entry.

import { Elysia, t } from "elysia";
import { listed, MAX_ENTRIES } from "../../core/browse/listing.ts";
import { SEARCH_SECONDS, Search, type SearchEnd } from "../../core/browse/search.ts";
import { asProblem, type Problem } from "../../errors.ts";
import { preferredType } from "../../http/negotiation/accept.ts";
import { FolderPathValue, ROOT } from "../../path.ts";
import { access, proveFolder } from "../../plugins/access.ts";
import { timed } from "../../plugins/request-info.ts";
import { revoked, watchGrants } from "../../plugins/revoking/revoking.ts";
import type { Entry } from "../../storage/entry.ts";
import { ENTRY_PROBLEMS, jsonOrLines, problems } from "../openapi/answers.ts";
import { oneOf, SearchLine, SearchResult } from "../openapi/shapes.ts";
import type { Services } from "../support/services.ts";

/** The media type of one JSON value per line. */
const LINES = "application/x-ndjson";
const DEFAULT_LIMIT = 100;
const HEADERS = { vary: "Accept", "cache-control": "no-store" };

type Finding = AsyncGenerator<Entry, SearchEnd, void>;

export function search(services: Services) {
  const { storage, log } = services;
  const searches = new Search(storage);
  return new Elysia({ name: "search" }).use(access(services)).get(
    "/api/search",
    async ({ request, query }) => {
      const folder = query.folder ?? ROOT;
      const { view } = proveFolder(request, folder);
      const stop = new AbortController();
      const unwatch = watchGrants(services.access, request, { word: "list", paths: [folder] }, () =>
        stop.abort(revoked()),
      );
      const signal = AbortSignal.any([request.signal, stop.signal]);
      const found = searches.find(
        {
          query: query.query,
          folder,
          kind: query.kind,
          hidden: query.hidden === "true",
          limit: query.limit ?? DEFAULT_LIMIT,
          view,
        },
        signal,
      );
      const finding = endingWith(found, unwatch);
      if (preferredType(request.headers.get("accept"), ["application/json", LINES]) !== LINES)
        return Response.json(await timed(request, "searching", () => whole(finding)), { headers: HEADERS });
      // Wait for the first result, so that an error is still answered as a problem.
      const first = await timed(request, "searching", () => finding.next());
      return lines(first, finding, {
        left: () => stop.abort(),
        failed: (problem) => log.problem(request, problem),
      });
    },
    {
      allow: "list",
      query: t.Object({
        query: t.String({
          maxLength: 256,
          description: "Words that a name must all contain. Case and accents are ignored",
        }),
        folder: t.Optional(FolderPathValue),
        kind: t.Optional(oneOf(["file", "folder"], "Only entries of this kind")),
        limit: t.Optional(
          t.Integer({
            minimum: 1,
            maximum: MAX_ENTRIES,
            description: `Maximum number of entries (default ${DEFAULT_LIMIT})`,
          }),
        ),
        hidden: t.Optional(
          oneOf(["true", "false"], "Include names that begin with a dot, and everything below them"),
        ),
      }),
      response: {
        200: jsonOrLines(SearchResult, SearchLine, {
          description: "The entries found; `complete` states whether the whole folder was searched",
        }),
        ...problems(...ENTRY_PROBLEMS, "not_a_folder", "too_many_searches"),
      },
      detail: {
        operationId: "search",
        summary: "Find files and folders by name",
        description: `Searches below the folder for at most ${SEARCH_SECONDS} seconds and stops when the client disconnects. Symbolic links are found by their own names and not followed. With \`Accept: ${LINES}\` each entry is one line, sent as soon as it is found; the last line holds \`complete\` and \`reason\`.`,
        tags: ["Files"],
      },
    },
  );
}

/** Calls `ended` when the search ends, however it does. */
async function* endingWith(finding: Finding, ended: () => void): Finding {
  try {
    return yield* finding;
  } finally {
    ended();
  }
}

async function whole(finding: Finding): Promise<{ entries: ReturnType<typeof listed>[] } & SearchEnd> {
  const entries: ReturnType<typeof listed>[] = [];
  for (;;) {
    const { value, done } = await finding.next();
    if (done) return { entries, ...value };
    entries.push(listed(value));
  }
}

/** Sends each entry as soon as it is found. No backpressure: the limit bounds the memory used for a slow reader. */
function lines(
  first: IteratorResult<Entry, SearchEnd>,
  finding: Finding,
  { left, failed }: { left: () => void; failed: (problem: Problem) => void },
): Response {
  const encoder = new TextEncoder();
  let connected = true;
  const body = new ReadableStream<Uint8Array>({
    start(stream) {
      const send = async (): Promise<void> => {
        for (let step = first; connected; step = await finding.next()) {
          stream.enqueue(encoder.encode(`${JSON.stringify(step.done ? step.value : listed(step.value))}\n`));
          if (!step.done) continue;
          stream.close();
          return;
        }
      };
      // A truncated answer lacks the last line, so that the client can detect it.
      send()
        .catch((error: unknown) => {
          if (!connected) return;
          failed(asProblem(error, "The search was cut, because something failed."));
          stream.error(error);
        })
        // Also closes the search if the client disconnected just after an entry was found.
        .finally(() => finding.return({ complete: false, reason: null }))
        .catch(() => {});
    },
    cancel() {
      connected = false;
      left();
    },
  });
  return new Response(body, {
    headers: { ...HEADERS, "content-type": LINES },
  });
}
