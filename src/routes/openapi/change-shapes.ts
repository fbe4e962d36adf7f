// The schemas of requests that change the tree, and of their answers.

import { t } from "elysia";
import { Bytes, bytes, Conflict, Entry, ErrorEntry, errorList, oneOf, Path, Time } from "./shapes.ts";

/** For requests: a misspelt member would be ignored, and `conflct: "fail"` would replace a file. */
const strict = { additionalProperties: false };

export const NewFolder = t.Object(
  { path: Path },
  { ...strict, $id: "NewFolder", description: "A folder to create" },
);

export const Way = t.Object(
  { from: Path, to: Path, conflict: t.Optional(Conflict) },
  { ...strict, $id: "Way", description: "Source and destination of a move or copy" },
);

const job = t.Object({
  id: t.String(),
  state: oneOf(["waiting", "running", "done", "failed", "cancelled"], "The last three are final"),
  from: Path,
  to: Path,
  bytes: bytes("Bytes copied so far"),
  total: bytes("Bytes to copy; 0 for a folder that has not been scanned yet"),
  skipped: t.Optional(
    t.Integer({ minimum: 1, description: "Links and special files that the copy lacks; absent if none" }),
  ),
  entry: t.Optional(Entry),
  error: t.Optional(ErrorEntry),
});

export const Job = t.Object({ job }, { $id: "Job", description: "A background copy" });

export const Jobs = t.Object({ jobs: t.Array(job) }, { $id: "Jobs", description: "Background copies" });

const way = { from: Path, to: Path, conflict: t.Optional(Conflict) };

export const Operation = t.Union([
  t.Object({ op: t.Literal("folder"), path: Path }, strict),
  t.Object({ op: t.Literal("move"), ...way }, strict),
  t.Object({ op: t.Literal("copy"), ...way }, strict),
  t.Object({ op: t.Literal("delete"), path: Path, recursive: t.Optional(t.Boolean()) }, strict),
]);

export const Batch = t.Object(
  { operations: t.Array(Operation, { minItems: 1, maxItems: 1000 }) },
  { ...strict, $id: "Batch", description: "Operations, performed in this order" },
);

export const BatchResult = t.Object(
  {
    done: t.Array(
      t.Composite([
        t.Object({ operation: t.Integer({ minimum: 0, description: "Index in the request's list" }) }),
        t.Partial(Entry),
        t.Object({ job: t.Optional(job) }),
      ]),
      { description: "The operations that succeeded, with the resulting entry, or with the job of a copy" },
    ),
    ...errorList,
  },
  { $id: "BatchResult", description: "The result of a batch" },
);

export const Restoring = t.Object(
  { id: t.String({ maxLength: 64 }), conflict: t.Optional(Conflict) },
  { ...strict, $id: "Restoring", description: "The entry to restore" },
);

export const Trash = t.Object(
  {
    entries: t.Array(
      t.Object({
        id: t.String(),
        path: Path,
        kind: oneOf(["file", "folder"], "Kind of the removed entry"),
        size: t.Optional(Bytes),
        deleted: Time,
        expires: Time,
      }),
    ),
    next: t.Union([t.String(), t.Null()], { description: "Cursor of the next page, null on the last" }),
  },
  { $id: "Trash", description: "One page of removed entries" },
);

/** The schemas that are named components of the OpenAPI document: the name is their `$id`. */
export const changeShapes = [NewFolder, Way, Job, Jobs, Batch, BatchResult, Restoring, Trash];
