// Refuses queries that cannot be decoded: Elysia would pass them on undecoded, and `%ff` would become a file name.

import { Elysia } from "elysia";
import { Problem } from "../errors.ts";
import { targetOf } from "../http/target.ts";

/** Refuses a query that is not percent-encoded UTF-8 with 400 `invalid_request`. */
export function query() {
  return new Elysia({ name: "query" }).onRequest(({ request }) => {
    const { query } = targetOf(request);
    if (query === "") return;
    try {
      decodeURIComponent(query);
    } catch (cause) {
      const detail = "The query is not valid percent-encoded UTF-8: encode each byte of it once.";
      const errors = [{ code: "invalid_encoding", pointer: "/query", detail }];
      throw new Problem("invalid_request", detail, { errors, cause });
    }
  });
}
