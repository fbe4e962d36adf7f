// GET /api/search: entries by their names, in one answer or line by line.

import { Elysia, t } from "elysia";
import { listed, MAX_ENTRIES } from "../../core/browse/listing.ts";
import { SEARCH_SECONDS, Search, type SearchEnd } from "../../core/browse/search.ts";
import { asProblem, type Problem } from "../../errors.ts";
import { FolderPathValue, ROOT } from "../../path.ts";
import { access } from "../../plugins/access.ts";
import { timed } from "../../plugins/request-info.ts";
import type { Entry } from "../../storage/entry.ts";
import { ENTRY_PROBLEMS, jsonOrLines, problems } from "../openapi/answers.ts";
import { oneOf, SearchLine, SearchResult } from "../openapi/shapes.ts";
import type { Services } from "../support/services.ts";

/** The media type of one JSON value a line. */
const LINES = "application/x-ndjson";
const DEFAULT_LIMIT = 100;
const HEADERS = { vary: "Accept", "cache-control": "no-store" };

type Finding = AsyncGenerator<Entry, SearchEnd, void>;

export function search({ config, storage, log }: Services) {
  const searches = new Search(storage);
  return new Elysia({ name: "search" }).use(access(config.allow)).get(
    "/api/search",
    async ({ request, query }) => {
      const stop = new AbortController();
      const signal = AbortSignal.any([request.signal, stop.signal]);
      const finding = searches.find(
        {
          query: query.query,
          folder: query.folder ?? ROOT,
          kind: query.kind,
          hidden: query.hidden === "true",
          limit: query.limit ?? DEFAULT_LIMIT,
        },
        signal,
      );
      if (!request.headers.get("accept")?.includes(LINES))
        return Response.json(await timed(request, "searching", () => whole(finding)), { headers: HEADERS });
      // What cannot be searched is answered as a problem, before the first line.
      const first = await timed(request, "searching", () => finding.next());
      return lines(first, finding, {
        left: () => stop.abort(),
        failed: (problem) => log.problem(request, problem),
      });
    },
    {
      allow: "read",
      query: t.Object({
        query: t.String({
          maxLength: 256,
          description: "Words; a name that holds all of them is found. Case and accents do not count",
        }),
        folder: t.Optional(FolderPathValue),
        kind: t.Optional(oneOf(["file", "folder"], "Only these")),
        limit: t.Optional(
          t.Integer({
            minimum: 1,
            maximum: MAX_ENTRIES,
            description: `Most entries; ${DEFAULT_LIMIT} unless said`,
          }),
        ),
        hidden: t.Optional(
          oneOf(["true", "false"], "Names that begin with a dot too, and what is below them"),
        ),
      }),
      response: {
        200: jsonOrLines(SearchResult, SearchLine, {
          description: "What was found; `complete` says whether everything was looked at",
        }),
        ...problems(...ENTRY_PROBLEMS, "not_a_folder", "too_many_searches"),
      },
      detail: {
        operationId: "search",
        summary: "Find files and folders by name",
        description: `Looks below the folder for ${SEARCH_SECONDS} seconds at most, and ends when the client goes. Links are found by their own names, and not followed. With \`Accept: ${LINES}\` each entry is a line of its own, sent as soon as it is found; the last line is \`complete\` and \`reason\`.`,
        tags: ["Files"],
      },
    },
  );
}

async function whole(finding: Finding): Promise<{ entries: ReturnType<typeof listed>[] } & SearchEnd> {
  const entries: ReturnType<typeof listed>[] = [];
  for (;;) {
    const { value, done } = await finding.next();
    if (done) return { entries, ...value };
    entries.push(listed(value));
  }
}

/** Each as soon as it is found. Nobody waits for the reader: the limit bounds what it leaves in memory. */
function lines(
  first: IteratorResult<Entry, SearchEnd>,
  finding: Finding,
  { left, failed }: { left: () => void; failed: (problem: Problem) => void },
): Response {
  const encoder = new TextEncoder();
  let read = true;
  const body = new ReadableStream<Uint8Array>({
    start(stream) {
      const send = async (): Promise<void> => {
        for (let step = first; read; step = await finding.next()) {
          stream.enqueue(encoder.encode(`${JSON.stringify(step.done ? step.value : listed(step.value))}\n`));
          if (!step.done) continue;
          stream.close();
          return;
        }
      };
      // A cut answer has no last line: its reader can tell.
      send()
        .catch((error: unknown) => {
          if (!read) return;
          failed(asProblem(error, "The search was cut, because something failed."));
          stream.error(error);
        })
        // Also when its reader went just after an entry was found.
        .finally(() => finding.return({ complete: false, reason: null }))
        .catch(() => {});
    },
    cancel() {
      read = false;
      left();
    },
  });
  return new Response(body, {
    headers: { ...HEADERS, "content-type": LINES },
  });
}
