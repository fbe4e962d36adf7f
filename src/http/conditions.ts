// Parses and evaluates the preconditions of requests (RFC 9110 section 13).

import { httpDate } from "./time/http-date.ts";

/** The conditions a client sets. `undefined`: the header was not sent. */
export interface Preconditions {
  ifMatch?: "*" | readonly string[];
  ifNoneMatch?: "*" | readonly string[];
  /** Milliseconds since 1970. Ignored when `ifMatch` is present (section 13.1.4). */
  ifUnmodifiedSince?: number;
  /** Milliseconds since 1970. Only for GET and HEAD; ignored when `ifNoneMatch` is present (section 13.1.3). */
  ifModifiedSince?: number;
}

/** The current state that conditions are compared with. A folder has neither entity tag nor date. */
export interface Current {
  etag?: string;
  modified?: Date;
}

const ENTITY_TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;

function tags(value: string): "*" | readonly string[] {
  return value.trim() === "*" ? "*" : (value.match(ENTITY_TAG) ?? []);
}

/**
 * Parses the conditions of a request that modifies something. A list without a valid entity tag matches nothing; an
 * invalid date is ignored.
 */
export function preconditionsOf(headers: Headers): Preconditions {
  const conditions: Preconditions = {};
  const match = headers.get("if-match");
  const none = headers.get("if-none-match");
  const since = httpDate(headers.get("if-unmodified-since") ?? "");
  if (match !== null) conditions.ifMatch = tags(match);
  if (none !== null) conditions.ifNoneMatch = tags(none);
  if (match === null && Number.isFinite(since)) conditions.ifUnmodifiedSince = since;
  return conditions;
}

/** Parses the conditions of GET and HEAD: those of `preconditionsOf`, and `If-Modified-Since`. */
export function readingPreconditionsOf(headers: Headers): Preconditions {
  const conditions = preconditionsOf(headers);
  const since = httpDate(headers.get("if-modified-since") ?? "");
  if (conditions.ifNoneMatch === undefined && Number.isFinite(since)) conditions.ifModifiedSince = since;
  return conditions;
}

/** Whether there are no conditions, so that the caller need not look up the current state. */
export function unconditional(conditions: Preconditions): boolean {
  return Object.keys(conditions).length === 0;
}

/** The header whose condition failed. For GET and HEAD the last two mean 304 (section 13.2.2). */
export type FailedCondition = "If-Match" | "If-Unmodified-Since" | "If-None-Match" | "If-Modified-Since";

/**
 * Evaluates the conditions in the order of section 13.2.2. `If-Match` compares strongly, `If-None-Match` weakly.
 * @param current the current state; null when nothing exists
 * @returns the header that failed, `null` when all conditions hold
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
 * Whether `Range` applies: `If-Range` is absent, or matches the current version (section 13.1.5). A date matches only
 * once its second is over, because a file can change twice within one second (section 8.8.2.2).
 */
export function rangeApplies(headers: Headers, current: Required<Current>, now = Date.now()): boolean {
  const version = headers.get("if-range");
  // An empty header counts as absent, as in Bun, which would send the range anyway.
  if (!version || version === current.etag) return true;
  const date = httpDate(version);
  return date === wholeSeconds(current.modified) && date + 1000 <= now;
}

/** HTTP dates have a resolution of one second. */
const wholeSeconds = (date: Date): number => Math.floor(date.getTime() / 1000) * 1000;
