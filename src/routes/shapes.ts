// The shapes of requests and answers, once: they check what comes in, type what goes out and write the OpenAPI document.

import { t } from "elysia";
import { CONFLICTS } from "../config.ts";

const Seconds = t.Number({ minimum: 0, description: "Seconds" });
const Bytes = t.Integer({ minimum: 0, description: "Bytes" });

/** One of the `?conflict=` rules. */
export const Conflict = t.Union(
  CONFLICTS.map((rule) => t.Literal(rule)),
  {
    description:
      "What happens when the name is taken: take the next free name, replace the file atomically, or fail",
  },
);

export const Flow = t.Object(
  {
    bytes: Bytes,
    seconds: Seconds,
    bytesPerSecond: t.Integer({ minimum: 0 }),
    waits: t.Object(
      { network: Seconds, disk: Seconds, sync: Seconds, hash: Seconds, other: Seconds },
      { description: "What the upload waited for; adds up to `seconds`. `other` is this server's processor" },
    ),
    bottleneck: t.Union(["network", "disk", "sync", "hash", "processor"].map((part) => t.Literal(part))),
    explanation: t.String({ description: "One sentence for people" }),
  },
  { description: "Where the time of an upload went" },
);

export const SavedFile = t.Object(
  {
    path: t.String(),
    name: t.String(),
    size: Bytes,
    etag: t.String(),
    modified: t.String({ format: "date-time" }),
    url: t.String(),
    renamedFrom: t.Optional(t.String({ description: "The name that was asked for, when it was taken" })),
    flow: Flow,
  },
  { description: "A saved file" },
);

export const ErrorEntry = t.Object({
  code: t.String(),
  detail: t.String(),
  pointer: t.Optional(t.String({ description: "JSON pointer into the request" })),
  file: t.Optional(t.String({ description: "Name of the form's part" })),
});

const errorList = {
  errors: t.Array(ErrorEntry, {
    description: "At most --max-errors entries, and one that says the limit was reached",
  }),
  errorsOmitted: t.Integer({ minimum: 0, description: "Errors known to be left out" }),
};

export const FormResult = t.Object(
  { files: t.Array(SavedFile), ...errorList },
  { description: "What became of a form" },
);

export const Problem = t.Object(
  {
    type: t.String({ format: "uri-reference" }),
    title: t.String(),
    status: t.Integer(),
    code: t.String({ description: "Stable name of the problem; docs/problems.md lists them all" }),
    detail: t.String(),
    errors: t.Optional(errorList.errors),
    errorsOmitted: t.Optional(errorList.errorsOmitted),
  },
  { description: "An error (RFC 9457)" },
);

export const Entry = t.Object(
  {
    path: t.String(),
    name: t.String(),
    kind: t.Union([t.Literal("file"), t.Literal("folder")]),
    size: t.Optional(Bytes),
    modified: t.String({ format: "date-time" }),
    url: t.String(),
    etag: t.Optional(t.String()),
  },
  { description: "A file or folder; only files have a size and an etag" },
);

export const Listing = t.Object(
  {
    folder: t.String(),
    entries: t.Array(Entry),
    next: t.Union([t.String(), t.Null()], { description: "Cursor of the next page, null on the last" }),
  },
  { description: "One page of a folder" },
);

export const Uploads = t.Object({
  uploads: t.Array(
    t.Object({
      id: t.String(),
      path: t.String(),
      size: t.Optional(Bytes),
      received: Bytes,
      saved: t.Integer({ minimum: 0, description: "Bytes on the disk and synced" }),
      bytesPerSecond: t.Integer({ minimum: 0 }),
      bottleneck: t.String(),
      started: t.String({ format: "date-time" }),
      state: t.Union([t.Literal("receiving"), t.Literal("saving")]),
    }),
  ),
});

export const Health = t.Object({
  status: t.Union([t.Literal("ok"), t.Literal("draining"), t.Literal("unwritable")]),
  version: t.String(),
});

/** All shapes by their names in the OpenAPI document. */
export const shapes = { Flow, SavedFile, ErrorEntry, FormResult, Problem, Entry, Listing, Uploads, Health };
