// Reads a JSON request body of limited size and validates it against a schema.

import type { Static, TSchema } from "@sinclair/typebox";
import { Value, type ValueError, ValueErrorType } from "@sinclair/typebox/value";
import { smallBody } from "../../core/upload/small-body.ts";
import { type ErrorEntry, ErrorList, Problem } from "../../errors.ts";
import { expected } from "../../plugins/errors.ts";
import { misspelt } from "../../suggest.ts";
import type { Services } from "./services.ts";

/** Maximum size of a body in bytes: several thousand operations. */
const MAX_BYTES = 1024 * 1024;

/**
 * The body of a request, parsed and validated.
 * @param maxBytes of the body
 * @throws Problem unsupported_type, body_too_large, body_incomplete, idle_timeout, expectation_failed, unsupported_trailers, invalid_request
 */
export async function jsonBody<Shape extends TSchema>(
  { config }: Services,
  request: Request,
  shape: Shape,
  maxBytes = MAX_BYTES,
): Promise<Static<Shape>> {
  const type = request.headers.get("content-type") ?? "application/json";
  if (!/^application\/json *(;|$)/i.test(type))
    throw new Problem("unsupported_type", "Send JSON with `Content-Type: application/json`.");
  const { idleTimeout } = config;
  const tooLarge =
    maxBytes === MAX_BYTES
      ? "The body exceeds 1 MiB: split it into several requests."
      : `The body exceeds ${maxBytes} bytes.`;
  const value = parse(await smallBody(request, { idleTimeout, maxBytes, tooLarge }));
  if (Value.Check(shape, value)) return value;
  const errors = new ErrorList(config.maxErrors);
  for (const error of Value.Errors(shape, value)) {
    if (errors.full) break;
    // An absent member is reported twice: as required, and as not of its type.
    for (const reason of reasonsOf(error))
      if (reason.value !== undefined || reason.type === ValueErrorType.ObjectRequiredProperty)
        errors.add(entryFor(reason));
  }
  throw new Problem("invalid_request", "The body contains an invalid value: see `errors`.", {
    errors: errors.entries,
  });
}

/** Longest pointer in an error; a member's name may be as long as the body. */
const LONGEST_POINTER = 200;
/** Most errors examined in one variant of a union. */
const MAX_REASONS = 10;

/** For a union, the errors of the variant with the fewest, such as the operation with the same `op`. */
function reasonsOf(error: ValueError): ValueError[] {
  if (error.type !== ValueErrorType.Union) return [error];
  const variants = error.errors
    .map((variant) => [...Iterator.from(variant).take(MAX_REASONS)])
    // That a member may also be null says nothing about the value that was meant.
    .filter(([first]) => first?.type !== ValueErrorType.Null)
    .toSorted((one, other) => one.length - other.length);
  const [closest = [error], second] = variants;
  return closest.length === second?.length ? [error] : closest;
}

function entryFor(error: ValueError): ErrorEntry {
  if (error.type !== ValueErrorType.ObjectAdditionalProperties)
    return { code: "invalid_value", pointer: error.path, detail: expected(error) };
  const escaped = error.path.slice(error.path.lastIndexOf("/") + 1);
  const member = escaped.replaceAll("~1", "/").replaceAll("~0", "~");
  const detail = misspelt("member", member, Object.keys(error.schema.properties));
  return { code: "unknown_key", pointer: error.path.slice(0, LONGEST_POINTER), detail };
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    // No cause: otherwise any client could fill the log with stack traces.
    const error: ErrorEntry = {
      code: "invalid_value",
      pointer: "",
      detail: "The body is not valid JSON in UTF-8.",
    };
    throw new Problem("invalid_request", error.detail, { errors: [error] });
  }
}

/** The request body as described in the OpenAPI document. */
export function jsonRequest(schema: TSchema) {
  return { required: true, content: { "application/json": { schema } } };
}
