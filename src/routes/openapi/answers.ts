// What a route answers: types it for the route and for Eden, writes the OpenAPI document, and costs nothing when it runs.

import type { Static, TSchema } from "@sinclair/typebox";
import { t } from "elysia";
import { PROBLEMS, type ProblemCode } from "../../errors.ts";
import type { AnswerHeader } from "./headers.ts";
import { Problem } from "./shapes.ts";

/**
 * One answer of a route, for its `response`. It passes for a schema (standardschema.dev) that lets every value pass: the
 * compiler checks what handlers return, and doing it again at run time takes 2 ms for a listing of 1,000 entries.
 */
export interface Answer<Value> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: "sluice";
    readonly validate: (value: Value) => { readonly value: Value };
    readonly types?: { readonly input: Value; readonly output: Value };
  };
  readonly description: string;
  /** Schemas by media type. */
  readonly content: Readonly<Record<string, TSchema>>;
  readonly headers: readonly AnswerHeader[];
}

type Details = Pick<Answer<unknown>, "description"> & Partial<Pick<Answer<unknown>, "headers">>;

function answer<Value>(details: Details, content: Answer<Value>["content"]): Answer<Value> {
  const validate = (value: Value) => ({ value });
  return { "~standard": { version: 1, vendor: "sluice", validate }, headers: [], ...details, content };
}

/** An answer in JSON. */
export function json<Shape extends TSchema>(shape: Shape, details: Details): Answer<Static<Shape>> {
  return answer(details, { "application/json": shape });
}

/** The bytes of a file, or of another of some types. */
export function bytes(
  details: Details,
  types: readonly string[] = ["application/octet-stream"],
): Answer<Blob> {
  const binary = t.String({ format: "binary" });
  return answer(details, Object.fromEntries(types.map((type) => [type, binary])));
}

/** An answer in JSON, or in lines of JSON for those who accept them. */
export function jsonOrLines<Shape extends TSchema>(
  shape: Shape,
  line: TSchema,
  details: Details,
): Answer<Static<Shape>> {
  return answer(details, { "application/json": shape, "application/x-ndjson": line });
}

/** Server-Sent Events, with the shape of their data. */
export function events<Shape extends TSchema>(shape: Shape, details: Details): Answer<Blob> {
  return answer(details, { "text/event-stream": shape });
}

/** Text of a type. */
export function text(details: Details, type: string): Answer<string> {
  return answer(details, { [type]: t.String() });
}

/** An answer without a body. */
export function empty(details: Details): Answer<undefined> {
  return answer(details, {});
}

/** The headers that tell about a saved file. */
export const SAVED_HEADERS = ["Location", "ETag", "Repr-Digest", "Server-Timing"] as const;

/** What every upload can meet. */
export const UPLOAD_PROBLEMS = [
  "invalid_path",
  "invalid_request",
  "body_incomplete",
  "invalid_digest",
  "digest_mismatch",
  "not_allowed",
  "idle_timeout",
  "name_taken",
  "is_folder",
  "not_a_folder",
  "link_in_path",
  "other_file_system",
  "precondition_failed",
  "file_too_large",
  "unsupported_encoding",
  "storage_failed",
  "storage_read_only",
  "storage_gone",
  "too_many_uploads",
  "out_of_files",
  "draining",
  "storage_full",
] as const;

/** What everything that looks at entries can meet. */
export const ENTRY_PROBLEMS = [
  "invalid_path",
  "invalid_request",
  "not_allowed",
  "not_found",
  "storage_failed",
  "storage_read_only",
  "storage_gone",
  "out_of_files",
] as const;

/** What everything that is asked for in JSON and changes entries can meet. */
export const CHANGE_PROBLEMS = [
  "invalid_path",
  "invalid_request",
  "body_incomplete",
  "body_too_large",
  "unsupported_type",
  "idle_timeout",
  "not_allowed",
  "not_a_folder",
  "link_in_path",
  "other_file_system",
  "storage_failed",
  "storage_read_only",
  "storage_gone",
  "storage_full",
  "out_of_files",
  "draining",
] as const;

/** What any request can meet. */
const ALWAYS = ["cross_origin", "internal"] as const;

const HEADERS: { readonly [code in ProblemCode]?: AnswerHeader } = {
  range_not_satisfiable: "Content-Range",
  unsupported_encoding: "Accept-Encoding",
  too_many_uploads: "Retry-After",
  too_many_archives: "Retry-After",
  out_of_files: "Retry-After",
  draining: "Retry-After",
  too_many_probes: "Retry-After",
  too_many_listeners: "Retry-After",
  too_many_waiting: "Retry-After",
  too_many_searches: "Retry-After",
  too_many_jobs: "Retry-After",
  upload_locked: "Retry-After",
  offset_mismatch: "Upload-Offset",
};

type StatusOf<Code extends ProblemCode> = (typeof PROBLEMS)[Code]["status"];

/** The problems a route can answer with, by status. Those every route has are added. */
export function problems<Code extends ProblemCode = never>(
  ...codes: readonly Code[]
): { [status in StatusOf<Code | (typeof ALWAYS)[number]>]: Answer<Static<typeof Problem>> };
export function problems(...codes: readonly ProblemCode[]): Record<number, Answer<Static<typeof Problem>>> {
  const byStatus = Map.groupBy(new Set([...ALWAYS, ...codes]), (code) => PROBLEMS[code].status);
  return Object.fromEntries(byStatus.entries().map(([status, same]) => [status, problem(same)]));
}

function problem(codes: readonly ProblemCode[]): Answer<Static<typeof Problem>> {
  const description = codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join(". ");
  const headers = new Set(codes.flatMap((code) => HEADERS[code] ?? []));
  return answer({ description, headers: [...headers] }, { "application/problem+json": Problem });
}
