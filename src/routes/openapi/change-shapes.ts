// The shapes of requests that put the tree in order, and of their answers.

import { t } from "elysia";
import { Bytes, bytes, Conflict, Entry, ErrorEntry, errorList, oneOf, Path, Time } from "./shapes.ts";

export const NewFolder = t.Object({ path: Path }, { $id: "NewFolder", description: "A folder to make" });

export const Way = t.Object(
  { from: Path, to: Path, conflict: t.Optional(Conflict) },
  { $id: "Way", description: "What is moved or copied, and where to" },
);

const job = t.Object({
  id: t.String(),
  state: oneOf(["waiting", "running", "done", "failed", "cancelled"], "The last three are its end"),
  from: Path,
  to: Path,
  bytes: bytes("Bytes copied so far"),
  total: bytes("Bytes to copy; of a folder 0 until it was looked at"),
  entry: t.Optional(Entry),
  error: t.Optional(ErrorEntry),
});

export const Job = t.Object({ job }, { $id: "Job", description: "A copy in the background" });

export const Jobs = t.Object(
  { jobs: t.Array(job) },
  { $id: "Jobs", description: "Copies in the background" },
);

const way = { from: Path, to: Path, conflict: t.Optional(Conflict) };

export const Operation = t.Union([
  t.Object({ op: t.Literal("folder"), path: Path }),
  t.Object({ op: t.Literal("move"), ...way }),
  t.Object({ op: t.Literal("copy"), ...way }),
  t.Object({ op: t.Literal("delete"), path: Path, recursive: t.Optional(t.Boolean()) }),
]);

export const Batch = t.Object(
  { operations: t.Array(Operation, { minItems: 1, maxItems: 1000 }) },
  { $id: "Batch", description: "What is to be done, in this order" },
);

export const BatchResult = t.Object(
  {
    done: t.Array(
      t.Composite([
        t.Object({ operation: t.Integer({ minimum: 0, description: "Its place in the list" }) }),
        t.Partial(Entry),
        t.Object({ job: t.Optional(job) }),
      ]),
      { description: "With the entry that a folder, a move or a copy made, or the job of a copy" },
    ),
    ...errorList,
  },
  { $id: "BatchResult", description: "What became of a batch" },
);

export const Restoring = t.Object(
  { id: t.String({ maxLength: 64 }), conflict: t.Optional(Conflict) },
  { $id: "Restoring", description: "What comes back" },
);

export const Trash = t.Object(
  {
    entries: t.Array(
      t.Object({
        id: t.String(),
        path: Path,
        kind: oneOf(["file", "folder"], "What it was"),
        size: t.Optional(Bytes),
        deleted: Time,
        expires: Time,
      }),
    ),
    next: t.Union([t.String(), t.Null()], { description: "Cursor of the next page, null on the last" }),
  },
  { $id: "Trash", description: "One page of what was removed" },
);

/** Those that have a name in the OpenAPI document: their `$id`. */
export const changeShapes = [NewFolder, Way, Job, Jobs, Batch, BatchResult, Restoring, Trash];
