// Requests that say in JSON what is to be done: read up to a bound, checked against a shape.

import type { Static, TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { RequestBody } from "../../core/upload/request-body.ts";
import { type ErrorEntry, ErrorList, Problem } from "../../errors.ts";
import { expected } from "../../plugins/errors.ts";
import type { Services } from "./services.ts";

/** Bytes: some thousand operations. */
const LONGEST = 1024 * 1024;

/**
 * The body of a request as a value of this shape.
 * @throws Problem unsupported_type, body_too_large, body_incomplete, idle_timeout, invalid_request
 */
export async function jsonBody<Shape extends TSchema>(
  { config }: Services,
  request: Request,
  shape: Shape,
): Promise<Static<Shape>> {
  const type = request.headers.get("content-type") ?? "application/json";
  if (!/^application\/json *(;|$)/i.test(type))
    throw new Problem("unsupported_type", "Send JSON, with `Content-Type: application/json`.");
  const value = parse(await read(config.idleTimeout, request));
  if (Value.Check(shape, value)) return value;
  const errors = new ErrorList(config.maxErrors);
  for (const error of Value.Errors(shape, value)) {
    if (errors.full) break;
    errors.add({ code: "invalid_value", pointer: error.path, detail: expected(error) });
  }
  throw new Problem("invalid_request", "A value of the body is not allowed; `errors` points to it.", {
    errors: errors.entries,
  });
}

async function read(idleTimeout: number, request: Request): Promise<Uint8Array> {
  const body = new RequestBody(request.body, { idleTimeout });
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of body.chunks()) {
      if (body.received > LONGEST)
        throw new Problem("body_too_large", "The body has more than 1 MiB: do it in several requests.");
      chunks.push(chunk.slice());
    }
  } finally {
    body.release();
  }
  return Buffer.concat(chunks);
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    // Not told as a cause: anyone could fill the log with stacks.
    const error: ErrorEntry = { code: "invalid_value", pointer: "", detail: "The body is not JSON." };
    throw new Problem("invalid_request", error.detail, { errors: [error] });
  }
}

/** The body as the document describes it. */
export function jsonRequest(schema: TSchema) {
  return { required: true, content: { "application/json": { schema } } };
}
