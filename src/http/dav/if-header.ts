// If: conditions on locks and entity tags, and the tokens of locks that a client has (RFC 4918 section 10.4).

import type { Problem } from "../../errors.ts";
import { invalidHeader } from "../invalid-header.ts";

export interface IfCondition {
  /** A state token: a URI; or an entity tag with its quotes. */
  kind: "token" | "etag";
  value: string;
  not: boolean;
}

/** Holds if all of its conditions do. The header holds if one of its lists does. */
export interface IfList {
  /** The URL that it is about; null for that of the request. */
  resource: string | null;
  conditions: IfCondition[];
}

/** Each may need a look at an entry. */
const MAX_LISTS = 100;
/** A tag or token in angle brackets, an entity tag in brackets, a parenthesis or `Not`, after any spaces. */
const SYMBOL = /\s*(?:<(?<uri>[^<>\s]*)>|\[(?<etag>(?:W\/)?"[^"]*")\]|(?<mark>[()]|not\b))/iy;

/** The lists of the header, none without it. @throws Problem invalid_request */
export function ifLists(headers: Headers): IfList[] {
  const text = headers.get("if");
  if (text === null) return [];
  const lists: IfList[] = [];
  let resource: string | null = null;
  let open: IfList | null = null;
  let not = false;
  for (const { uri, etag, mark } of symbolsIn(text)) {
    if (open === null) {
      if (mark === "(" && lists.length < MAX_LISTS) open = { resource, conditions: [] };
      // A tag makes all lists after it tagged ones, which do not follow others.
      else if (uri !== undefined && (lists.length === 0 || resource !== null)) resource = uri;
      else throw invalid();
    } else if (mark === ")" && open.conditions.length > 0 && !not) {
      lists.push(open);
      open = null;
    } else if (mark?.toLowerCase() === "not" && !not) not = true;
    else if (uri !== undefined || etag !== undefined) {
      const condition = uri === undefined ? ({ kind: "etag", value: etag ?? "" } as const) : tokenOf(uri);
      open.conditions.push({ ...condition, not });
      not = false;
    } else throw invalid();
  }
  if (open !== null || lists.at(-1)?.resource !== resource) throw invalid();
  return lists;
}

const tokenOf = (value: string) => ({ kind: "token", value }) as const;

/** The tokens that the header submits, whether its conditions hold or not. */
export function submittedTokens(lists: readonly IfList[]): string[] {
  const conditions = lists.flatMap((list) => list.conditions);
  return [...new Set(conditions.filter(({ kind }) => kind === "token").map(({ value }) => value))];
}

/** @throws Problem invalid_request */
function* symbolsIn(text: string): Generator<{ uri?: string; etag?: string; mark?: string }, void, void> {
  const trimmed = text.trimEnd();
  let at = 0;
  while (at < trimmed.length) {
    SYMBOL.lastIndex = at;
    const found = SYMBOL.exec(trimmed);
    if (!found?.groups) throw invalid();
    at = SYMBOL.lastIndex;
    yield found.groups;
  }
}

function invalid(): Problem {
  return invalidHeader(
    "If",
    '`If` must have lists of conditions, such as `(<urn:uuid:…>)` or `</dav/a.txt> (<urn:uuid:…> ["etag"])`.',
  );
}
