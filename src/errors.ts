// Problems, the only errors that reach clients, and bounded lists of errors.

import { PROBLEMS, type ProblemCode, typeOf } from "./problems.ts";

export { PROBLEMS, type ProblemCode, typeOf };

/** One entry of an error list. `pointer` is a JSON pointer into the request, `file` the name of a form's part. */
export interface ErrorEntry {
  code: string;
  detail: string;
  pointer?: string;
  file?: string;
}

/** Optional parts of a problem. */
export interface ProblemExtras {
  /** The individual errors; cut to `--max-errors` in the response. */
  errors?: readonly ErrorEntry[];
  /** Number of errors left out of `errors`. */
  errorsOmitted?: number;
  /** Response headers, such as `Allow` or `Retry-After`. */
  headers?: Readonly<Record<string, string>>;
  /** Members its type defines, such as `expected-offset` (RFC 9457 section 3.2). */
  members?: Readonly<Record<string, number>>;
  /** The system error that caused it: logged, never sent to the client. */
  cause?: unknown;
}

/** The only error that reaches clients. `detail` is sent to them and must not contain a path of the server. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  readonly errors: readonly ErrorEntry[] | undefined;
  readonly errorsOmitted: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly members: Readonly<Record<string, number>>;

  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    extras: ProblemExtras = {},
  ) {
    super(`${code}: ${detail}`, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.status = PROBLEMS[code].status;
    this.errors = extras.errors;
    this.errorsOmitted = extras.errorsOmitted ?? 0;
    this.headers = extras.headers ?? {};
    this.members = extras.members ?? {};
  }
}

/** The last entry of a list that has reached its limit. */
export const LIMIT_REACHED: ErrorEntry = { code: "too_many_errors", detail: "Maximum error limit reached" };

/** A list of errors that cannot grow without bound. */
export class ErrorList {
  readonly #entries: ErrorEntry[] = [];
  omitted = 0;

  /** @param limit most entries stored, at least 1; further ones are only counted */
  constructor(readonly limit: number) {}

  get size(): number {
    return this.#entries.length;
  }

  /** True once the limit is reached; the caller then stops reading the body. */
  get full(): boolean {
    return this.#entries.length >= this.limit;
  }

  add(entry: ErrorEntry): void {
    if (this.full) this.omitted += 1;
    else this.#entries.push(entry);
  }

  /** The list for the response; a full one ends with {@link LIMIT_REACHED}. */
  get entries(): readonly ErrorEntry[] {
    return this.full ? [...this.#entries, LIMIT_REACHED] : this.#entries;
  }
}

/** Returns a problem unchanged; wraps any other error in an `internal` problem that reveals nothing of it to clients. */
export function asProblem(error: unknown, detail = "The server failed; its log says more."): Problem {
  return error instanceof Problem ? error : new Problem("internal", detail, { cause: error });
}

/** Summarizes a problem in one sentence for an error list, including up to three of its own errors. */
export function summarize({ detail, errors = [] }: Problem): string {
  const details = errors.slice(0, 3).map((entry) => entry.detail);
  return details.length > 1 ? [...new Set(details)].join(" ") : detail;
}

/**
 * The response body of a problem (RFC 9457), with its list cut to `maxErrors` entries plus {@link LIMIT_REACHED}.
 * @param id the request id, which the log contains too
 */
export function problemBody(problem: Problem, maxErrors: number, id?: string) {
  const errors = problem.errors;
  const cut = errors?.slice(maxErrors).filter((entry) => entry !== LIMIT_REACHED).length ?? 0;
  return {
    type: typeOf(problem.code),
    title: PROBLEMS[problem.code].title,
    status: problem.status,
    code: problem.code,
    detail: problem.detail,
    ...(id !== undefined && { instance: `urn:sluice:request:${id}` }),
    ...problem.members,
    ...(errors && {
      errors: errors.length > maxErrors ? [...errors.slice(0, maxErrors), LIMIT_REACHED] : errors,
      errorsOmitted: problem.errorsOmitted + cut,
    }),
  };
}
