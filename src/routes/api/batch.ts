// POST /api/batch: performs many operations in one request; a failed one does not affect the others.

import type { Static } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { listed } from "../../core/browse/listing.ts";
import { makeFolder, move, remove } from "../../core/tree/changes.ts";
import { CopyOperation } from "../../core/tree/copy.ts";
import { claimedEntry } from "../../core/tree/copy-jobs.ts";
import { asProblem, ErrorList, Problem, summarize } from "../../errors.ts";
import { checkFilePath } from "../../path.ts";
import { access, prove, proveBelow } from "../../plugins/access.ts";
import { requestInfoOf } from "../../plugins/request-info.ts";
import { renewAsker } from "../../plugins/revoking/revoking.ts";
import { TimeSlice } from "../../system/time-slice.ts";
import { json, problems } from "../openapi/answers.ts";
import { Batch, BatchResult, type Operation } from "../openapi/change-shapes.ts";
import { type BunServer, withoutIdleTimeout } from "../support/idle-timeout.ts";
import { jsonAnswer } from "../support/json-answer.ts";
import { jsonBody, jsonRequest } from "../support/json-body.ts";
import { BATCH_PROBLEMS, moveRequest } from "../support/move-request.ts";
import type { Services } from "../support/services.ts";
import { startJob } from "./copy.ts";

type Done = Static<typeof BatchResult>["done"][number];
type Context = { services: Services; request: Request; server: BunServer };

export function batch(services: Services) {
  return new Elysia({ name: "batch" }).use(access(services)).post(
    "/api/batch",
    async ({ request, server }) => {
      const { operations } = await jsonBody(services, request, Batch);
      return await withoutIdleTimeout(services, request, server, () =>
        answer({ services, request, server }, operations),
      );
    },
    {
      parse: "none",
      allow: "each",
      response: {
        200: json(BatchResult, { description: "All operations succeeded" }),
        207: json(BatchResult, { description: "Some operations succeeded; `errors` explains the others" }),
        ...problems(...BATCH_PROBLEMS),
      },
      detail: {
        operationId: "batch",
        summary: "Perform many operations",
        description:
          "Creates folders, moves, copies and removes entries, in the order of the list: at most 1,000. Every valid operation is performed, even when the list of errors is full. Large copies become background jobs. Each operation needs its own grants.",
        tags: ["Files"],
        requestBody: jsonRequest(Batch),
      },
    },
  );
}

async function answer(context: Context, operations: Static<typeof Operation>[]): Promise<Response> {
  const { config, log } = context.services;
  const done: Done[] = [];
  const errors = new ErrorList(config.maxErrors);
  let first: Problem | undefined;
  // Refused operations involve no I/O, so without this a batch of them would block the event loop.
  const slice = new TimeSlice(5);
  for (const [index, operation] of operations.entries()) {
    if (slice.expired) await slice.yield();
    try {
      done.push({ operation: index, ...(await perform(context, operation)) });
    } catch (error) {
      const problem = asProblem(error, "The server failed on this operation; its log says more.");
      errors.add({ code: problem.code, pointer: `/operations/${index}`, detail: summarize(problem) });
      // If no operation succeeds, the first problem becomes the answer and is logged as such.
      if (first) log.problem(context.request, problem);
      first ??= problem;
    }
  }
  const { entries, omitted: errorsOmitted } = errors;
  if (first && done.length === 0)
    throw new Problem(first.code, first.detail, {
      errors: entries,
      errorsOmitted,
      headers: first.headers,
      cause: first.cause,
    });
  if (first) log.problem(context.request, first);
  return jsonAnswer({ done, errors: entries, errorsOmitted }, first ? 207 : 200);
}

async function perform(
  { services, request }: Context,
  operation: Static<typeof Operation>,
): Promise<Omit<Done, "operation">> {
  const { uploader, log, trash } = services;
  requestInfoOf(request)?.keepAddress();
  renewAsker(services.access, request);
  if (operation.op === "folder") {
    const path = checkFilePath(operation.path);
    prove(request, "write", path);
    const folder = await makeFolder(uploader, path);
    log.changed(request, { did: "made", path: folder.path });
    return listed(folder);
  }
  if (operation.op === "delete") {
    const path = checkFilePath(operation.path);
    const may = { read: proveBelow(request, "delete", path).can("list", path) };
    await remove(uploader, path, { recursive: operation.recursive ?? false, trash, may });
    log.changed(request, { did: trash ? "put into the trash" : "removed", path });
    return {};
  }
  const did = operation.op === "move" ? "moved" : "copied";
  const paths = moveRequest(services, request, operation.op, operation);
  const copying = did === "copied" ? await CopyOperation.begin(uploader, paths) : null;
  if (copying?.large) return { job: await startJob(services, request, copying) };
  const placed = copying ? await copying.run(new AbortController().signal) : await move(uploader, paths);
  log.changed(request, { did, path: paths.from, to: placed.entry.path });
  return claimedEntry(placed);
}
