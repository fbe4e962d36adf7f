// Problems, the only errors that reach clients, and lists of errors that cannot grow.

import { PROBLEMS, type ProblemCode, typeOf } from "./problems.ts";

export { PROBLEMS, type ProblemCode, typeOf };

/** One entry of an error list. `pointer` is a JSON pointer into the request, `file` the name of a form's part. */
export interface ErrorEntry {
  code: string;
  detail: string;
  pointer?: string;
  file?: string;
}

/** What a problem carries beside its code and detail. */
export interface ProblemExtras {
  /** The single errors it is made of; trimmed to `--max-errors` when answered. */
  errors?: readonly ErrorEntry[];
  /** Errors known to be left out of `errors`. */
  errorsOmitted?: number;
  /** Headers the answer needs, such as `Allow` or `Retry-After`. */
  headers?: Readonly<Record<string, string>>;
  /** Members its type defines, such as `expected-offset` (RFC 9457 section 3.2). */
  members?: Readonly<Record<string, number>>;
  /** The error of the platform behind it: for the log, never for the client. */
  cause?: unknown;
}

/** The one error that reaches clients. `detail` is shown to them: it never names a path of the system. */
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

/** The entry that closes a list which reached its limit. */
export const LIMIT_REACHED: ErrorEntry = { code: "too_many_errors", detail: "Maximum error limit reached" };

/** A list of errors that cannot grow without bound. */
export class ErrorList {
  readonly #kept: ErrorEntry[] = [];
  omitted = 0;

  /** @param limit from 1: how many entries are kept; further ones are only counted */
  constructor(readonly limit: number) {}

  get size(): number {
    return this.#kept.length;
  }

  /** True from the entry that reached the limit on: whoever reads a body stops there. */
  get full(): boolean {
    return this.#kept.length >= this.limit;
  }

  add(entry: ErrorEntry): void {
    if (this.full) this.omitted += 1;
    else this.#kept.push(entry);
  }

  /** The list as it is shown: a full one ends with {@link LIMIT_REACHED}. */
  get entries(): readonly ErrorEntry[] {
    return this.full ? [...this.#kept, LIMIT_REACHED] : this.#kept;
  }
}

/** A problem as it is; anything else as one that tells clients nothing of it, with the error as its cause for the log. */
export function asProblem(error: unknown, detail = "The server failed; its log says more."): Problem {
  return error instanceof Problem ? error : new Problem("internal", detail, { cause: error });
}

/** What is wrong with one thing of several, in one entry: what its own errors say is said in it. */
export function summarize({ detail, errors = [] }: Problem): string {
  const details = errors.slice(0, 3).map((entry) => entry.detail);
  return details.length > 1 ? [...new Set(details)].join(" ") : detail;
}

/**
 * The body of a problem (RFC 9457), its list cut to `maxErrors` entries and one that says so.
 * @param id of the request, by which the log is searched
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
