// Checks the query of every request: valid percent-encoding, and only keys that the route knows, each once.

import type { TObject } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { ErrorList, Problem } from "../errors.ts";
import { targetOf } from "../http/target.ts";
import { misspelt } from "../suggest.ts";

/** Longest part of a key in the pointer of an error. */
const LONGEST_KEY = 60;
const SEVERAL = "The query has several wrong keys: see `errors`.";

export interface QueryOptions {
  maxErrors: number;
  /** The query keys of a route, by its pattern, and their schemas; undefined when the request may have any key. */
  keysOf: (request: Request, route: string) => TObject["properties"] | undefined;
}

/**
 * Refuses a query that is not percent-encoded UTF-8, which Elysia would pass on undecoded (`%ff` would become a file name).
 * Refuses unknown and repeated keys before a byte of the body is read: `?conflct=fail` would replace a file.
 */
export function query({ maxErrors, keysOf }: QueryOptions) {
  return new Elysia({ name: "query" }).onTransform({ as: "global" }, ({ request, route }) => {
    const { query } = targetOf(request);
    if (query === "") return;
    checkEncoding(query);
    const known = keysOf(request, route);
    if (known) checkKeys(query, known, maxErrors);
  });
}

function checkEncoding(query: string): void {
  try {
    decodeURIComponent(query);
  } catch (cause) {
    const detail = "The query is not valid percent-encoded UTF-8: encode each byte of it once.";
    const errors = [{ code: "invalid_encoding", pointer: "/query", detail }];
    throw new Problem("invalid_request", detail, { errors, cause });
  }
}

function checkKeys(query: string, known: TObject["properties"], maxErrors: number): void {
  const names = Object.keys(known);
  const errors = new ErrorList(maxErrors);
  const counts = Map.groupBy(new URLSearchParams(query).keys(), (key) => key);
  for (const [key, { length }] of counts) {
    const pointer = `/query/${key.slice(0, LONGEST_KEY)}`;
    if (!names.includes(key))
      // The search for the nearest key takes time, and errors over the limit are only counted.
      errors.add({
        code: "unknown_key",
        pointer,
        detail: errors.full ? "" : misspelt("query key", key, names),
      });
    else if (length > 1 && known[key]?.type !== "array")
      errors.add({
        code: "repeated_key",
        pointer,
        detail: `The query key \`${key}\` may be sent only once.`,
      });
  }
  const [first] = errors.entries;
  if (!first) return;
  const detail = errors.size === 1 ? first.detail : SEVERAL;
  throw new Problem("invalid_request", detail, { errors: errors.entries, errorsOmitted: errors.omitted });
}
