// Queries that cannot be decoded: refused, because Elysia would hand them on as they were sent, and `%ff` would become a name.

import { Elysia } from "elysia";
import { Problem } from "../errors.ts";

/** Refuses a query that is not percent-encoded UTF-8 with 400 `invalid_request`. */
export function query() {
  return new Elysia({ name: "query" }).onRequest(({ request: { url } }) => {
    const start = url.indexOf("?");
    if (start === -1) return;
    try {
      decodeURIComponent(url.slice(start));
    } catch (cause) {
      const detail = "The query is not valid percent-encoded UTF-8: encode each byte of it once.";
      const errors = [{ code: "invalid_encoding", pointer: "/query", detail }];
      throw new Problem("invalid_request", detail, { errors, cause });
    }
  });
}
