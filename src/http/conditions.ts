// Preconditions of requests (RFC 9110 section 13).

/** What the client says must hold. `undefined`: it did not say. */
export interface Preconditions {
  ifMatch?: "*" | readonly string[];
  ifNoneMatch?: "*" | readonly string[];
  /** Milliseconds since 1970. Ignored when `ifMatch` is there (section 13.1.4). */
  ifUnmodifiedSince?: number;
  /** Milliseconds since 1970. Only for reading, and ignored when `ifNoneMatch` is there (section 13.1.3). */
  ifModifiedSince?: number;
}

/** What a condition is compared with: a folder has neither tag nor date. */
export interface Current {
  etag?: string;
  modified?: Date;
}

const ENTITY_TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;

// The three forms of section 5.6.7; Date.parse alone takes much more for a date.
const DATE =
  /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT$|^[A-Z][a-z]+day, \d\d-[A-Z][a-z]{2}-\d\d [\d:]{8} GMT$/;
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4}$/;

/** Milliseconds since 1970; NaN for what is no date of HTTP. */
function dateOf(value: string): number {
  if (DATE.test(value)) return Date.parse(value);
  return ASCTIME.test(value) ? Date.parse(`${value} GMT`) : Number.NaN;
}

function tags(value: string): "*" | readonly string[] {
  return value.trim() === "*" ? "*" : (value.match(ENTITY_TAG) ?? []);
}

/**
 * Reads the headers of a request that changes something. A list without any valid tag matches nothing; a date that is
 * none is ignored.
 */
export function preconditionsOf(headers: Headers): Preconditions {
  const conditions: Preconditions = {};
  const match = headers.get("if-match");
  const none = headers.get("if-none-match");
  const since = dateOf(headers.get("if-unmodified-since") ?? "");
  if (match !== null) conditions.ifMatch = tags(match);
  if (none !== null) conditions.ifNoneMatch = tags(none);
  if (match === null && Number.isFinite(since)) conditions.ifUnmodifiedSince = since;
  return conditions;
}

/** Reads the headers of a request that only reads: as `preconditionsOf`, with `If-Modified-Since`. */
export function readingPreconditionsOf(headers: Headers): Preconditions {
  const conditions = preconditionsOf(headers);
  const since = dateOf(headers.get("if-modified-since") ?? "");
  if (conditions.ifNoneMatch === undefined && Number.isFinite(since)) conditions.ifModifiedSince = since;
  return conditions;
}

/** True when nothing was asked, so nothing needs to be looked at. */
export function unconditional(conditions: Preconditions): boolean {
  return Object.keys(conditions).length === 0;
}

/** A condition that does not hold. The last two mean "not modified" to a request that only reads (section 13.2.2). */
export type FailedCondition = "If-Match" | "If-Unmodified-Since" | "If-None-Match" | "If-Modified-Since";

/**
 * Whether the request may go on, in the order of section 13.2.2. `If-Match` compares strongly, `If-None-Match` weakly.
 * @param current what exists now
 * @returns the header that failed, `null` when all hold
 */
export function failedCondition(conditions: Preconditions, current: Current | null): FailedCondition | null {
  const { ifMatch, ifNoneMatch, ifUnmodifiedSince, ifModifiedSince } = conditions;
  const { etag } = current ?? {};
  const modified = current?.modified && wholeSeconds(current.modified);
  if (ifMatch !== undefined) {
    const holds = ifMatch === "*" ? current !== null : etag !== undefined && ifMatch.includes(etag);
    if (!holds) return "If-Match";
  } else if (ifUnmodifiedSince !== undefined && modified !== undefined && modified > ifUnmodifiedSince)
    return "If-Unmodified-Since";
  if (ifNoneMatch !== undefined) {
    const matches =
      ifNoneMatch === "*"
        ? current !== null
        : etag !== undefined && ifNoneMatch.some((tag) => tag.replace(/^W\//, "") === etag);
    return matches ? "If-None-Match" : null;
  }
  const unchanged = ifModifiedSince !== undefined && modified !== undefined && modified <= ifModifiedSince;
  return unchanged ? "If-Modified-Since" : null;
}

/**
 * Whether `Range` counts: nothing more is asked by `If-Range`, or it names the very version that is there (section
 * 13.1.5). A date does so only when its second is over, because a file can change twice in one (section 8.8.2.2).
 */
export function rangeCounts(headers: Headers, current: Required<Current>, now = Date.now()): boolean {
  const version = headers.get("if-range");
  // An empty one is none, as it is for Bun, which would answer the range anyway.
  if (!version || version === current.etag) return true;
  const date = dateOf(version);
  return date === wholeSeconds(current.modified) && date + 1000 <= now;
}

/** Dates of HTTP have whole seconds. */
const wholeSeconds = (date: Date): number => Math.floor(date.getTime() / 1000) * 1000;
