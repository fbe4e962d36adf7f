// Turns every error into an answer of type application/problem+json.

import type { TSchema } from "@sinclair/typebox";
import { Elysia, type ErrorHandler, NotFoundError, ParseError, ValidationError } from "elysia";
import { asProblem, type ErrorEntry, Problem, type ProblemCode, problemBody } from "../errors.ts";
import { namesHtml } from "../http/negotiation/accept.ts";
import { targetOf } from "../http/target.ts";
import { lingeringClose } from "./lingering-close.ts";
import type { Log } from "./log.ts";
import { publicPrefix, requestInfoOf } from "./request-info.ts";
import { onAnswered } from "./request-timing.ts";

export interface ErrorOptions {
  maxErrors: number;
  log: Log;
  /** The methods registered for a path, to distinguish 405 from 404. */
  methodsOf: (path: string) => readonly string[];
  /** The web page, which asks people to log in. */
  page: (request: Request, status: 401 | 404) => Promise<Response>;
}

/** Answers the errors of all routes, and requests that match no route. */
export function errors(options: ErrorOptions) {
  return new Elysia({ name: "errors" }).onError({ as: "global" }, async ({ error, request, set, route }) => {
    const problem = translate(error, request, options);
    options.log.problem(request, problem);
    onAnswered(request, set, options.log, { status: problem.status, bytes: null, route });
    const back = loginAgain(problem, request);
    if (back !== null) return new Response(null, { status: 303, headers: { location: back, ...NO_STORE } });
    const status = pageStatus(problem, request);
    if (status !== null) return options.page(request, status);
    return await problemResponse(problem, options, request);
  });
}

interface LateOptions extends Pick<ErrorOptions, "maxErrors" | "log"> {
  /** The prefix of URLs, because the request, which may have another one, is not known. */
  basePath: string;
}

/**
 * Answers an error that occurs after the route has answered, such as a file that cannot be opened when Bun sends it. Bun
 * passes no request to this handler.
 */
export function lateErrorResponse(error: Error, options: LateOptions) {
  options.log.say(`A request failed after its route: ${error.message}`, "error");
  const problem = asProblem(error);
  const { text, headers } = serialize(problem, options, { prefix: options.basePath });
  return new Response(text, { status: problem.status, headers });
}

const NO_STORE = { "cache-control": "no-store" };
const PROVIDER_LOGIN = "/api/session/oidc";

/**
 * The address at which the page tells a person why the identity provider did not log them in; null for everything else. It is
 * relative, so that it holds below every base path.
 */
function loginAgain({ code }: Problem, request: Request): string | null {
  const { path } = targetOf(request);
  if (!path.startsWith(PROVIDER_LOGIN) || !namesHtml(request.headers)) return null;
  return `${"../".repeat(path.split("/").length - 2)}?login=${code}`;
}

/** The status of the page, for a browser that opens a folder or file; null for everything else. */
function pageStatus({ code }: Problem, request: Request): 401 | 404 | null {
  if (request.method !== "GET" && request.method !== "HEAD") return null;
  if (!namesHtml(request.headers)) return null;
  const { path } = targetOf(request);
  if (path !== "/" && !path.startsWith("/files/")) return null;
  if (code === "login_required") return 401;
  return code === "not_found" ? 404 : null;
}

function problemResponse(
  problem: Problem,
  options: Pick<ErrorOptions, "maxErrors">,
  request: Request,
): Response | Promise<Response> {
  const { text, headers } = serialize(problem, options, {
    id: requestInfoOf(request)?.id,
    // Not every error passes through the hooks of `basePath`.
    prefix: publicPrefix(request),
    detail: detailFor(request, problem),
  });
  if (problem.status === 401) headers.set("www-authenticate", challenge(request));
  if (!CLOSING.has(problem.code)) return lingeringClose(request, text, problem.status, headers);
  headers.set("connection", "close");
  return new Response(text, { status: problem.status, headers });
}

/** Media types that only browsers accept: without TLS they send no `Sec-Fetch-Mode`. */
const BROWSERS = /text\/html|text\/event-stream|application\/problem\+json/;

/** The URL paths of WebDAV. Its clients know no other login than Basic, and KDE's accept `text/html` as a browser does. */
const WEBDAV = /^\/dav(?:\/|$)/;

/** Browsers would open a window for Basic: the page has its own. */
function challenge(request: Request): string {
  const { headers } = request;
  const [basic, bearer] = ['Basic realm="Sluice", charset="UTF-8"', 'Bearer realm="Sluice"'];
  if (WEBDAV.test(targetOf(request).path)) return basic;
  const browser = headers.has("sec-fetch-mode") || BROWSERS.test(headers.get("accept") ?? "");
  return browser ? bearer : `${basic}, ${bearer}`;
}

function serialize(
  problem: Problem,
  { maxErrors }: Pick<ErrorOptions, "maxErrors">,
  { id, prefix, detail = problem.detail }: { id?: string | undefined; prefix: string; detail?: string },
): { text: string; headers: Headers } {
  const headers = new Headers({
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...problem.headers,
  });
  const body = problemBody(problem, maxErrors, id);
  const type = body.type.startsWith("/") ? prefix + body.type : body.type;
  return { text: JSON.stringify({ ...body, type, detail }), headers };
}

/** Details for visitors of links, instead of those that quote a folder above the link, or its content. */
const TOLD_TO_VISITORS: ReadonlyMap<string, string> = new Map([
  [
    "quota_exceeded",
    "The place that this link leads to has no room for the file. Ask the person who sent the link.",
  ],
]);

/** The detail of a problem, as the one who made the request may read it. */
export function detailFor(request: Request, { code, detail }: { code: string; detail: string }): string {
  if (requestInfoOf(request)?.asker?.via !== "link") return detail;
  return TOLD_TO_VISITORS.get(code) ?? detail;
}

/**
 * Problems that are answered without waiting for the rest of the body: the client is silent, or its trailers would make Bun
 * write an answer of its own into this one.
 */
const CLOSING = new Set<ProblemCode>(["idle_timeout", "expectation_failed", "unsupported_trailers"]);

type Caught = Parameters<ErrorHandler>[0]["error"];

function translate(error: Caught, request: Request, options: ErrorOptions): Problem {
  const problem = problemWithin(error);
  if (problem) return problem;
  // The client disconnected: nothing failed, and nobody reads this answer.
  if (request.signal.aborted && error instanceof DOMException && error.name === "AbortError")
    return new Problem("body_incomplete", "The client disconnected before the answer was sent.");
  if (error instanceof NotFoundError) return unmatched(request, options);
  if (error instanceof ValidationError && error.type !== "response") return invalidRequest(error, request);
  if (error instanceof ParseError)
    return new Problem("invalid_request", "The body cannot be parsed: it does not match its Content-Type.", {
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

/** Longest path of a request that a hint repeats. */
const LONGEST_HINT = 200;

function unmatched(request: Request, { methodsOf }: ErrorOptions): Problem {
  const { path } = targetOf(request);
  const methods = methodsOf(path);
  if (methods.length === 0) {
    // `curl -T x http://host/x`, which works on servers that have their files at `/`.
    const file =
      /^\/(?!(?:api|files|s|swagger|uploads)(?:\/|$))[^/]/.test(path) && path.length <= LONGEST_HINT;
    const below = `${publicPrefix(request)}/files`;
    const hint = file ? `: files are below ${below}/, so try ${below}${path}` : "";
    return new Problem("not_found", `This server has no such URL${hint}.`);
  }
  const allow = methods.join(", ");
  return new Problem("method_not_allowed", `This URL supports only ${allow}.`, { headers: { allow } });
}

function invalidRequest(error: ValidationError, request: Request): Problem {
  const errors: ErrorEntry[] = [];
  for (const issue of error.all) {
    // The value is not quoted: it can be as long as the request.
    if (!("schema" in issue)) continue;
    const pointer =
      error.type === "property" ? numberPointer(request, error.value) : `/${error.type}${issue.path}`;
    errors.push({ code: "invalid_value", pointer, detail: expected(issue) });
  }
  return new Problem("invalid_request", "The request contains an invalid value: see `errors`.", {
    errors,
  });
}

/** Elysia reports a number out of range without the name of its parameter: find the parameter by its value. */
function numberPointer(request: Request, value: unknown): string {
  const parameters = new URLSearchParams(targetOf(request).query);
  const [match, ...others] = [...parameters].filter(([, text]) => Number(text) === value);
  return match && others.length === 0 ? `/query/${match[0]}` : "/query";
}

/** A sentence about the values that a schema accepts. */
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
