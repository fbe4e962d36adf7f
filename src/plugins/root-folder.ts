// `/files` is the root folder: like every other folder, it can be requested without the slash at its end.

import { Elysia } from "elysia";
import { preferredType } from "../http/accept.ts";
import { setPath, targetOf } from "../http/target.ts";

const WITHOUT_SLASH = "/files";

/** Must be used before `basePath`, whose function then runs first: this one sees requests without the base path. */
export function rootFolder() {
  return new Elysia({ name: "root-folder" }).wrap(
    (answer: (request: Request) => unknown) => (request: Request) => {
      // The path of almost every request need not be extracted.
      if (!/\/files(?:\?|$)/.test(request.url)) return answer(request);
      const { path, query } = targetOf(request);
      if (path !== WITHOUT_SLASH) return answer(request);
      if (wantsPage(request)) return withSlash(query);
      setPath(request, `${WITHOUT_SLASH}/`);
      return answer(request);
    },
  );
}

/** The links of the page are relative to the folder, so its URL must end with the slash. */
function wantsPage({ method, headers }: Request): boolean {
  if (method !== "GET" && method !== "HEAD") return false;
  return preferredType(headers.get("accept"), ["text/html", "application/json"]) !== "application/json";
}

/** A relative URL, because the server may appear below a base path. */
function withSlash(query: string): Response {
  const location = `files/${query === "" ? "" : `?${query}`}`;
  return new Response(null, {
    status: 301,
    headers: { location, "cache-control": "no-store", vary: "Accept" },
  });
}
