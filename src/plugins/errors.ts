// The one place where an error becomes an answer: every problem leaves here as application/problem+json.

import type { TSchema } from "@sinclair/typebox";
import { Elysia, type ErrorHandler, NotFoundError, ParseError, ValidationError } from "elysia";
import { asProblem, type ErrorEntry, Problem, problemBody } from "../errors.ts";
import { targetOf } from "../http/target.ts";
import { lingeringClose } from "./lingering-close.ts";
import type { Log } from "./log.ts";
import { requestInfoOf } from "./request-info.ts";
import { onAnswered } from "./request-timing.ts";

export interface ErrorOptions {
  maxErrors: number;
  log: Log;
  /** The methods that exist under a path, to tell 405 from 404. */
  methodsOf: (path: string) => readonly string[];
}

/** Answers every error of every route, and requests no route takes. */
export function errors(options: ErrorOptions) {
  return new Elysia({ name: "errors" }).onError({ as: "global" }, ({ error, request, set, route }) => {
    const problem = translate(error, request, options.methodsOf);
    options.log.problem(request, problem);
    onAnswered(request, set, options.log, { status: problem.status, bytes: null, route });
    return problemResponse(problem, options.maxErrors, request);
  });
}

/** The answer to a problem; clients can read it while they still send. */
function problemResponse(problem: Problem, maxErrors: number, request: Request): Response {
  const headers = new Headers({
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...problem.headers,
  });
  const text = JSON.stringify(problemBody(problem, maxErrors, requestInfoOf(request)?.id));
  if (problem.code !== "idle_timeout") return lingeringClose(request, text, problem.status, headers);
  // After an idle timeout, close instead of waiting for the rest of the body.
  headers.set("connection", "close");
  return new Response(text, { status: problem.status, headers });
}

type Caught = Parameters<ErrorHandler>[0]["error"];

function translate(error: Caught, request: Request, methodsOf: ErrorOptions["methodsOf"]): Problem {
  const problem = problemWithin(error);
  if (problem) return problem;
  // Nobody reads this answer, and nothing failed.
  if (request.signal.aborted && error instanceof DOMException && error.name === "AbortError")
    return new Problem("body_incomplete", "The client went away before it was answered.");
  if (error instanceof NotFoundError) return nothingHere(request, methodsOf);
  if (error instanceof ValidationError && error.type !== "response") return invalidRequest(error, request);
  if (error instanceof ParseError)
    return new Problem("invalid_request", "The body cannot be read as what its Content-Type says.", {
      cause: error,
    });
  return asProblem(error);
}

/** A problem thrown while a schema decodes a path may arrive inside another error. */
function problemWithin(error: unknown, depth = 0): Problem | undefined {
  if (error instanceof Problem) return error;
  if (!(error instanceof Error) || depth > 3) return undefined;
  const inner = "error" in error ? problemWithin(error.error, depth + 1) : undefined;
  return inner ?? problemWithin(error.cause, depth + 1);
}

function nothingHere(request: Request, methodsOf: ErrorOptions["methodsOf"]): Problem {
  const methods = methodsOf(targetOf(request).path);
  if (methods.length === 0) return new Problem("not_found", "There is nothing under this URL.");
  const allow = methods.join(", ");
  return new Problem("method_not_allowed", `This URL takes ${allow}.`, { headers: { allow } });
}

function invalidRequest(error: ValidationError, request: Request): Problem {
  const errors: ErrorEntry[] = [];
  for (const found of error.all) {
    // The value itself is not repeated: it can be as long as the request.
    if (!("schema" in found)) continue;
    const pointer =
      error.type === "property" ? numberIn(request, error.value) : `/${error.type}${found.path}`;
    errors.push({ code: "invalid_value", pointer, detail: expected(found) });
  }
  return new Problem("invalid_request", "A value of the request is not allowed; `errors` points to it.", {
    errors,
  });
}

/** A number out of range is only found when its parameter is decoded, and then its name is not known any more. */
function numberIn(request: Request, value: unknown): string {
  const parameters = new URLSearchParams(targetOf(request).query);
  const [named, ...others] = [...parameters].filter(([, text]) => Number(text) === value);
  return named && others.length === 0 ? `/query/${named[0]}` : "/query";
}

/** What a schema takes, for people. */
export function expected({
  schema,
  summary,
  message,
}: {
  schema: TSchema;
  summary?: string | undefined;
  message: string;
}): string {
  const choices: unknown[] = Array.isArray(schema.anyOf)
    ? schema.anyOf.map((choice: TSchema) => choice.const)
    : [];
  if (choices.length > 0 && choices.every((choice) => typeof choice === "string"))
    return `Use one of: ${choices.join(", ")}.`;
  return (summary ?? message).replace(/\.?$/, ".");
}
