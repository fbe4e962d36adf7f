// Describes the answers of a route: types them for the handler and for Eden, documents them, and costs nothing at run time.

import type { Static, TSchema } from "@sinclair/typebox";
import { t } from "elysia";
import { PROBLEMS, type ProblemCode } from "../../errors.ts";
import type { AnswerHeader } from "./headers.ts";
import { Problem } from "./shapes.ts";

/**
 * One answer of a route, for its `response`. It is a schema (standardschema.dev) that accepts every value: the compiler
 * checks what handlers return, and validation at run time would take 2 ms for a listing of 1,000 entries.
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
  /** Of an answer with a problem. */
  readonly codes: readonly ProblemCode[];
}

type Details = Pick<Answer<unknown>, "description"> & Partial<Pick<Answer<unknown>, "headers" | "codes">>;

function answer<Value>(details: Details, content: Answer<Value>["content"]): Answer<Value> {
  const validate = (value: Value) => ({ value });
  return {
    "~standard": { version: 1, vendor: "sluice", validate },
    headers: [],
    codes: [],
    ...details,
    content,
  };
}

/** An answer in JSON. */
export function json<Shape extends TSchema>(shape: Shape, details: Details): Answer<Static<Shape>> {
  return answer(details, { "application/json": shape });
}

/** An answer with binary content of one of some media types. */
export function bytes(
  details: Details,
  types: readonly string[] = ["application/octet-stream"],
): Answer<Blob> {
  const binary = t.String({ format: "binary" });
  return answer(details, Object.fromEntries(types.map((type) => [type, binary])));
}

/** An answer in JSON, or in JSON lines for clients that accept them. */
export function jsonOrLines<Shape extends TSchema>(
  shape: Shape,
  line: TSchema,
  details: Details,
): Answer<Static<Shape>> {
  return answer(details, { "application/json": shape, "application/x-ndjson": line });
}

/** Server-Sent Events with data of this shape. */
export function events<Shape extends TSchema>(shape: Shape, details: Details): Answer<Blob> {
  return answer(details, { "text/event-stream": shape });
}

/** An answer with text of this media type. */
export function text(details: Details, type: string): Answer<string> {
  return answer(details, { [type]: t.String() });
}

/** An answer without a body. */
export function empty(details: Details): Answer<undefined> {
  return answer(details, {});
}

/** The headers that describe a saved file. */
export const SAVED_HEADERS = ["Location", "ETag", "Repr-Digest", "Server-Timing", "X-OC-MTime"] as const;

/** The problems of every upload. */
export const UPLOAD_PROBLEMS = [
  "hook_refused",
  "hook_failed",
  "invalid_path",
  "invalid_request",
  "body_incomplete",
  "unsupported_trailers",
  "expectation_failed",
  "invalid_digest",
  "digest_mismatch",
  "not_allowed",
  "no_access",
  "idle_timeout",
  "name_taken",
  "locked",
  "is_folder",
  "not_a_folder",
  "link_in_path",
  "other_file_system",
  "precondition_failed",
  "idempotency_key_in_use",
  "idempotency_key_reused",
  "upload_cancelled",
  "file_too_large",
  "unsupported_encoding",
  "unsupported_type",
  "storage_failed",
  "storage_read_only",
  "storage_gone",
  "too_many_uploads",
  "out_of_files",
  "draining",
  "storage_full",
  "quota_exceeded",
] as const;

/** The problems of every request that reads entries. */
export const ENTRY_PROBLEMS = [
  "invalid_path",
  "invalid_request",
  "not_allowed",
  "no_access",
  "not_found",
  "storage_failed",
  "storage_read_only",
  "storage_gone",
  "out_of_files",
] as const;

/** The problems of every JSON request that changes entries. */
export const CHANGE_PROBLEMS = [
  "invalid_path",
  "invalid_request",
  "body_incomplete",
  "unsupported_trailers",
  "expectation_failed",
  "body_too_large",
  "unsupported_type",
  "idle_timeout",
  "not_allowed",
  "no_access",
  "not_a_folder",
  "link_in_path",
  "locked",
  "other_file_system",
  "storage_failed",
  "storage_read_only",
  "storage_gone",
  "storage_full",
  "quota_exceeded",
  "out_of_files",
  "draining",
] as const;

/** The problems of every request with a small body in JSON. */
export const BODY_PROBLEMS = ["invalid_request", "body_too_large", "unsupported_type"] as const;

/** The problems of every request that only the person of an account, or an owner, may make. */
export const PERSON_PROBLEMS = ["login_required", "wrong_login", "not_allowed"] as const;

/** The problems of every request. */
const ALWAYS = ["cross_origin", "misdirected", "internal"] as const;

const HEADERS: { readonly [code in ProblemCode]?: AnswerHeader } = {
  login_required: "WWW-Authenticate",
  wrong_login: "WWW-Authenticate",
  range_not_satisfiable: "Content-Range",
  unsupported_encoding: "Accept-Encoding",
  too_many_uploads: "Retry-After",
  too_many_archives: "Retry-After",
  too_many_logins: "Retry-After",
  logins_busy: "Retry-After",
  out_of_files: "Retry-After",
  draining: "Retry-After",
  too_many_probes: "Retry-After",
  too_many_listeners: "Retry-After",
  too_many_waiting: "Retry-After",
  too_many_searches: "Retry-After",
  too_many_jobs: "Retry-After",
  upload_locked: "Retry-After",
  idempotency_key_in_use: "Retry-After",
  offset_mismatch: "Upload-Offset",
};

type StatusOf<Code extends ProblemCode> = (typeof PROBLEMS)[Code]["status"];

/** The problem answers of a route by status, including those that every route has. */
export function problems<Code extends ProblemCode = never>(
  ...codes: readonly Code[]
): { [status in StatusOf<Code | (typeof ALWAYS)[number]>]: Answer<Static<typeof Problem>> };
export function problems(...codes: readonly ProblemCode[]): Record<number, Answer<Static<typeof Problem>>> {
  const byStatus = Map.groupBy(new Set([...ALWAYS, ...codes]), (code) => PROBLEMS[code].status);
  return Object.fromEntries(byStatus.entries().map(([status, group]) => [status, problem(group)]));
}

function problem(codes: readonly ProblemCode[]): Answer<Static<typeof Problem>> {
  const description = codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join(". ");
  const headers = new Set(codes.flatMap((code) => HEADERS[code] ?? []));
  return answer({ description, headers: [...headers], codes }, { "application/problem+json": Problem });
}
