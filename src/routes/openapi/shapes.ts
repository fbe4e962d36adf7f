// The shapes of requests and answers, once: they check what comes in, type what goes out and write the OpenAPI document.

import { t } from "elysia";
import { CONFLICTS } from "../../config/config.ts";
import { PROBLEMS, type ProblemCode } from "../../errors.ts";

/** One of some words. The type is said, because Elysia reads none from a union that is made of a list. */
export function oneOf<const Word extends string>(words: readonly Word[], description: string) {
  return t.Unsafe<Word>(
    t.Union(
      words.map((word) => t.Literal(word)),
      { description },
    ),
  );
}

const Seconds = t.Number({ minimum: 0, description: "Seconds" });
/** Said as 64 bits, because generators make 32 of an integer without a format. */
export const bytes = (description: string) => t.Integer({ minimum: 0, format: "int64", description });
export const Bytes = bytes("Bytes");
const Rate = bytes("Bytes per second");
export const Time = t.String({ format: "date-time" });
export const Path = t.String({ description: "Path below the root", example: "photos/a.jpg" });
const Name = t.String({ description: "Last segment of the path" });
const Link = t.String({ format: "uri-reference", description: "Where it is on this server" });
const Bottleneck = oneOf(["network", "disk", "sync", "hash", "processor"], "What the upload waited for most");

/** One of the `?conflict=` rules. */
export const Conflict = oneOf(
  CONFLICTS,
  "What happens when the name is taken: take the next free name, replace the file atomically, or fail",
);

export const Flow = t.Object(
  {
    bytes: Bytes,
    seconds: Seconds,
    bytesPerSecond: Rate,
    waits: t.Object(
      { network: Seconds, disk: Seconds, sync: Seconds, hash: Seconds, other: Seconds },
      { description: "What the upload waited for; adds up to `seconds`. `other` is this server's processor" },
    ),
    bottleneck: Bottleneck,
    explanation: t.String({ description: "One sentence for people" }),
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
    renamedFrom: t.Optional(t.String({ description: "The name that was asked for, when it was taken" })),
    flow: Flow,
  },
  { $id: "SavedFile", description: "A saved file" },
);

export const ErrorEntry = t.Object(
  {
    code: t.String({ description: "The rule or the problem" }),
    detail: t.String(),
    pointer: t.Optional(t.String({ description: "JSON pointer into the request" })),
    file: t.Optional(t.String({ description: "Name of the form's part" })),
  },
  { $id: "ErrorEntry", description: "One of several errors" },
);

/** The members of an answer that some of it may have failed. */
export const errorList = {
  errors: t.Array(ErrorEntry, {
    description: "At most --max-errors entries, and one that says the limit was reached",
  }),
  errorsOmitted: t.Integer({ minimum: 0, description: "Errors known to be left out" }),
};

export const FormResult = t.Object(
  { files: t.Array(SavedFile), ...errorList },
  { $id: "FormResult", description: "What became of a form" },
);

export const Problem = t.Object(
  {
    type: t.String({
      format: "uri-reference",
      description:
        "Where it is explained, a section of the page /problems, or the URI a specification gives it",
    }),
    title: t.String(),
    status: t.Integer(),
    code: t.Unsafe<ProblemCode>(oneOf(Object.keys(PROBLEMS), "Stable name of the problem, for programs")),
    detail: t.String({ description: "What happened, and what to do" }),
    instance: t.Optional(
      t.String({ format: "uri", description: "Ends with the request's id, as `X-Request-Id` and the log" }),
    ),
    errors: t.Optional(errorList.errors),
    errorsOmitted: t.Optional(errorList.errorsOmitted),
    "expected-offset": t.Optional(
      t.Integer({ description: "With `offset_mismatch`: where the upload stands" }),
    ),
    "provided-offset": t.Optional(
      t.Integer({ description: "With `offset_mismatch`: what the request said" }),
    ),
  },
  { $id: "Problem", description: "An error (RFC 9457)" },
);

export const Entry = t.Object(
  {
    path: Path,
    name: Name,
    kind: t.Union([t.Literal("file"), t.Literal("folder")]),
    size: t.Optional(Bytes),
    modified: Time,
    url: Link,
    etag: t.Optional(t.String()),
    renamedFrom: t.Optional(t.String({ description: "The name that was asked for, when it was taken" })),
  },
  { $id: "Entry", description: "A file or folder; only files have a size and an etag" },
);

export const Listing = t.Object(
  {
    folder: t.String({ description: "Path of the folder; empty for the root" }),
    entries: t.Array(Entry),
    next: t.Union([t.String(), t.Null()], { description: "Cursor of the next page, null on the last" }),
  },
  { $id: "Listing", description: "One page of a folder" },
);

export const Upload = t.Object(
  {
    id: t.String(),
    path: Path,
    size: t.Optional(Bytes),
    received: bytes("Bytes that arrived"),
    saved: bytes("Bytes on the disk and synced"),
    bytesPerSecond: Rate,
    bottleneck: Bottleneck,
    started: Time,
    state: t.Union([t.Literal("receiving"), t.Literal("saving"), t.Literal("waiting")], {
      description: "Waiting: it can be resumed, and nothing of it arrives now",
    }),
    expires: t.Optional(
      t.String({ format: "date-time", description: "When it is forgotten, if it goes on waiting" }),
    ),
    explanation: t.Optional(
      t.String({ description: "One sentence for people about what the limit was so far" }),
    ),
  },
  { $id: "Upload", description: "A file that is arriving, or waits to be resumed" },
);

export const Uploads = t.Object(
  { uploads: t.Array(Upload) },
  { $id: "Uploads", description: "What is arriving now, or waits" },
);

export const Ended = t.Object(
  {
    ended: t.Object({
      id: t.String(),
      path: Path,
      outcome: oneOf(
        ["saved", "failed", "forgotten"],
        "Forgotten: it waited to be resumed, and was cancelled or expired",
      ),
      size: bytes("Bytes of the file, or those that had arrived"),
      ended: Time,
      flow: Flow,
      error: t.Optional(ErrorEntry),
    }),
  },
  { $id: "Ended", description: "An upload that is a file now, or will not become one" },
);

export const Health = t.Object(
  {
    status: t.Union([t.Literal("ok"), t.Literal("draining"), t.Literal("unwritable")]),
    version: t.String(),
  },
  { $id: "Health", description: "Whether uploads can be taken" },
);

export const Probe = t.Object(
  {
    method: t.String({ description: "The method, as it arrived" }),
    headers: t.Unsafe<Record<string, string>>(
      t.Object(
        {},
        {
          additionalProperties: t.String(),
          description: "Headers that uploads and downloads need, as they arrived; names in lower case",
        },
      ),
    ),
    received: bytes("Bytes that arrived"),
    firstByte: t.Optional(
      t.Number({ minimum: 0, description: "When, in seconds after the request's headers" }),
    ),
    lastByte: t.Optional(
      t.Number({ minimum: 0, description: "When, in seconds after the request's headers" }),
    ),
    flow: t.Optional(Flow),
  },
  { $id: "Probe", description: "What arrived of a probe" },
);

const searchEnd = {
  complete: t.Boolean({ description: "Whether everything was looked at" }),
  reason: t.Union([t.Literal("limit"), t.Literal("time"), t.Null()], {
    description: "What ended the search early",
  }),
};

export const SearchResult = t.Object(
  { entries: t.Array(Entry), ...searchEnd },
  { $id: "SearchResult", description: "What a search found" },
);

export const SearchLine = t.Union([Entry, t.Object(searchEnd)], {
  $id: "SearchLine",
  description: "A line of a search: an entry, or at the end whether everything was looked at",
});

export const Usage = t.Object(
  {
    folder: t.String({ description: "Path of the folder; empty for the root" }),
    bytes: bytes("Of all files below it"),
    files: t.Integer({ minimum: 0 }),
    folders: t.Integer({ minimum: 0 }),
    free: bytes("That can still be written"),
    total: bytes("Of the disk"),
  },
  { $id: "Usage", description: "What is below a folder, and the space of its disk" },
);

/** The shapes that have a name in the OpenAPI document: their `$id`. */
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
  Usage,
  Upload,
  Uploads,
  Ended,
  Health,
  Probe,
];
