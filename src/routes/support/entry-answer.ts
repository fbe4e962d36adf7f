// The answer to a request that created, moved, copied or restored an entry.

import type { ListedEntry } from "../../core/browse/listing.ts";
import { jsonAnswer } from "./json-answer.ts";

export function entryAnswer(entry: ListedEntry, status: 200 | 201): Response {
  return jsonAnswer(entry, status, {
    location: entry.url,
    ...(entry.etag !== undefined && { etag: entry.etag }),
  });
}
