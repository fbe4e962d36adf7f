// The schemas of requests and answers: they validate requests, type answers and document both in OpenAPI.

import { t } from "elysia";
import { CONFLICTS } from "../../config/config.ts";
import { BOTTLENECKS } from "../../core/report/flow-report.ts";
import { PROBLEMS, type ProblemCode } from "../../errors.ts";

/** One of some literals. The type is explicit, because Elysia cannot infer it from a union built from a list. */
export function oneOf<const Word extends string>(words: readonly Word[], description: string) {
  return t.Unsafe<Word>(
    t.Union(
      words.map((word) => t.Literal(word)),
      { description },
    ),
  );
}

const Seconds = t.Number({ minimum: 0, description: "Seconds" });
/** Declared as int64, because client generators map an integer without a format to 32 bits. */
export const bytes = (description: string) => t.Integer({ minimum: 0, format: "int64", description });
export const Bytes = bytes("Bytes");
const Rate = bytes("Bytes per second");
export const Time = t.String({ format: "date-time" });
export const Path = t.String({ description: "Path below the root", example: "photos/a.jpg" });
const Name = t.String({ description: "Last segment of the path" });
const Link = t.String({ format: "uri-reference", description: "URL on this server" });
const Bottleneck = oneOf(BOTTLENECKS, "What the upload waited for most");

/** The conflict policy, `?conflict=`. */
export const Conflict = oneOf(
  CONFLICTS,
  "If the name is taken: use the next free name, replace the file atomically, or fail",
);

export const Flow = t.Object(
  {
    bytes: Bytes,
    seconds: Seconds,
    bytesPerSecond: Rate,
    waits: t.Object(
      {
        network: Seconds,
        disk: Seconds,
        sync: Seconds,
        hash: Seconds,
        cap: t.Optional(Seconds),
        other: Seconds,
      },
      {
        description:
          "What the upload waited for; adds up to `seconds`. `cap`: because of a limit of bytes per second, absent if none made it wait. `other` is CPU time of this server",
      },
    ),
    bottleneck: Bottleneck,
    explanation: t.String({
      description: "A sentence for display; below 1 MB or 100 ms it only states the time",
    }),
  },
  { $id: "Flow", description: "Where the time of an upload went" },
);

export const SavedFile = t.Object(
  {
    path: Path,
    name: Name,
    size: Bytes,
    etag: t.String(),
    modified: Time,
    url: Link,
    renamedFrom: t.Optional(t.String({ description: "The requested name, if it was taken" })),
    repeated: t.Optional(
      t.Literal(true, { description: "An earlier upload had saved these bytes; nothing was saved now" }),
    ),
    flow: Flow,
  },
  { $id: "SavedFile", description: "A saved file" },
);

export const ErrorEntry = t.Object(
  {
    code: t.String({ description: "Code of the problem or of the violated rule" }),
    detail: t.String(),
    pointer: t.Optional(t.String({ description: "JSON pointer into the request" })),
    file: t.Optional(t.String({ description: "Name of the form part" })),
  },
  { $id: "ErrorEntry", description: "One of several errors" },
);

/** The members of an answer that may have failed in part. */
export const errorList = {
  errors: t.Array(ErrorEntry, {
    description: "At most --max-errors entries, and a final one if the limit was reached",
  }),
  errorsOmitted: t.Integer({ minimum: 0, description: "Number of further errors that are not listed" }),
};

export const FormResult = t.Object(
  { files: t.Array(SavedFile), ...errorList },
  { $id: "FormResult", description: "The result of a form upload" },
);

export const Problem = t.Object(
  {
    type: t.String({
      format: "uri-reference",
      description: "URL of its explanation on the page /problems, or the URI that a specification defines",
    }),
    title: t.String(),
    status: t.Integer(),
    code: t.Unsafe<ProblemCode>(oneOf(Object.keys(PROBLEMS), "Stable name of the problem, for programs")),
    detail: t.String({ description: "What failed and how to fix it" }),
    instance: t.Optional(
      t.String({ format: "uri", description: "Ends with the request id, as in `X-Request-Id` and the log" }),
    ),
    errors: t.Optional(errorList.errors),
    errorsOmitted: t.Optional(errorList.errorsOmitted),
    "expected-offset": t.Optional(
      t.Integer({ description: "With `offset_mismatch`: the current offset of the upload" }),
    ),
    "provided-offset": t.Optional(
      t.Integer({ description: "With `offset_mismatch`: the offset in the request" }),
    ),
  },
  { $id: "Problem", description: "An error (RFC 9457)" },
);

/** Counts the entries that an answer lacks. */
const skipped = (description: string) => ({
  skipped: t.Optional(
    t.Integer({
      minimum: 1,
      description: `${description}: no URL can contain the name, or the server may not read it. Absent if none`,
    }),
  ),
});

export const Entry = t.Object(
  {
    path: Path,
    name: Name,
    kind: t.Union([t.Literal("file"), t.Literal("folder")]),
    size: t.Optional(Bytes),
    modified: Time,
    url: Link,
    etag: t.Optional(t.String()),
    renamedFrom: t.Optional(t.String({ description: "The requested name, if it was taken" })),
  },
  { $id: "Entry", description: "A file or folder; only files have a size and an etag" },
);

export const Listing = t.Object(
  {
    folder: t.String({ description: "Path of the folder; empty for the root" }),
    entries: t.Array(Entry),
    next: t.Union([t.String(), t.Null()], { description: "Cursor of the next page, null on the last" }),
    ...skipped("Entries of the folder that cannot be listed"),
  },
  { $id: "Listing", description: "One page of a folder" },
);

export const Upload = t.Object(
  {
    id: t.String(),
    path: Path,
    size: t.Optional(Bytes),
    received: bytes("Bytes received"),
    saved: bytes("Bytes written and synced to the disk"),
    bytesPerSecond: Rate,
    bottleneck: Bottleneck,
    started: Time,
    state: t.Union([t.Literal("receiving"), t.Literal("saving"), t.Literal("waiting")], {
      description: "`waiting`: no request is sending bytes; the upload can be resumed",
    }),
    expires: t.Optional(
      t.String({ format: "date-time", description: "When it expires if it is not resumed" }),
    ),
    explanation: t.Optional(t.String({ description: "A sentence for display about the bottleneck so far" })),
  },
  { $id: "Upload", description: "A running upload, or one that can be resumed" },
);

export const Uploads = t.Object(
  { uploads: t.Array(Upload) },
  { $id: "Uploads", description: "Running and unfinished uploads" },
);

export const Ended = t.Object(
  {
    ended: t.Object({
      id: t.String(),
      path: Path,
      outcome: oneOf(
        ["saved", "failed", "forgotten"],
        "`forgotten`: an unfinished upload was cancelled or expired",
      ),
      size: bytes("Bytes of the file, or the bytes received"),
      ended: Time,
      flow: Flow,
      error: t.Optional(ErrorEntry),
    }),
  },
  { $id: "Ended", description: "An upload that was saved, or that failed, was cancelled or expired" },
);

export const Health = t.Object(
  {
    status: t.Union([t.Literal("ok"), t.Literal("draining"), t.Literal("unwritable")]),
    version: t.String(),
  },
  { $id: "Health", description: "Whether uploads are accepted" },
);

export const Probe = t.Object(
  {
    method: t.String({ description: "The method as received" }),
    headers: t.Unsafe<Record<string, string>>(
      t.Object(
        {},
        {
          additionalProperties: t.String(),
          description: "Headers that uploads and downloads need, as received; names in lower case",
        },
      ),
    ),
    received: bytes("Bytes received"),
    firstByte: t.Optional(
      t.Number({ minimum: 0, description: "Seconds between the request's headers and this byte" }),
    ),
    lastByte: t.Optional(
      t.Number({ minimum: 0, description: "Seconds between the request's headers and this byte" }),
    ),
    flow: t.Optional(Flow),
  },
  { $id: "Probe", description: "The received part of a probe" },
);

const searchEnd = {
  complete: t.Boolean({ description: "Whether the whole folder was searched" }),
  reason: t.Union([t.Literal("limit"), t.Literal("time"), t.Literal("skipped"), t.Null()], {
    description:
      "Why the result may lack entries: a limit ended the search, or it had to skip some; null if it is complete",
  }),
  ...skipped("Entries that were not searched; a folder is one"),
};

export const SearchResult = t.Object(
  { entries: t.Array(Entry), ...searchEnd },
  { $id: "SearchResult", description: "The result of a search" },
);

export const SearchLine = t.Union([Entry, t.Object(searchEnd)], {
  $id: "SearchLine",
  description: "A line of a search: an entry, or as the last line, whether the search is complete",
});

export const Quota = t.Object(
  {
    folder: t.String({ description: "Path of the folder that has the quota; empty for the root" }),
    bytes: bytes("Bytes that all files below it may have together"),
    used: bytes("Bytes that they have"),
    reserved: bytes("Bytes reserved by unfinished uploads and copies"),
    measured: t.Boolean({ description: "False while `used` is still being counted" }),
  },
  { $id: "Quota", description: "The quota of a folder, or of one above it, that has the fewest bytes left" },
);

export const Usage = t.Object(
  {
    folder: t.String({ description: "Path of the folder; empty for the root" }),
    bytes: bytes("Bytes of all files below the folder"),
    files: t.Integer({ minimum: 0 }),
    folders: t.Integer({ minimum: 0 }),
    ...skipped("Entries that are not counted; a folder is one"),
    free: bytes("Bytes that can still be written"),
    total: bytes("Bytes of the disk"),
    quota: t.Optional(Quota),
  },
  { $id: "Usage", description: "The size of a folder and the space of its disk" },
);

/** The schemas that are named components of the OpenAPI document: the name is their `$id`. */
export const shapes = [
  Flow,
  SavedFile,
  ErrorEntry,
  FormResult,
  Problem,
  Entry,
  Listing,
  SearchResult,
  SearchLine,
  Quota,
  Usage,
  Upload,
  Uploads,
  Ended,
  Health,
  Probe,
];
