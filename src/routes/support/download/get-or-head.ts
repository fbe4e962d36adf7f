// The methods of a download, whose route is registered for all of them: GET and HEAD; others end as 405.

import { NotFoundError } from "elysia";

/** For `transform`. @throws NotFoundError for another method */
export function getOrHead({ request: { method } }: { request: Request }): void {
  if (method !== "GET" && method !== "HEAD") throw new NotFoundError();
}
