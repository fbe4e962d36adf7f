// Makes `/files` the root folder: like every other folder, it can be requested without the final slash.

import { Elysia } from "elysia";
import { folderRedirect } from "../../http/folder-redirect.ts";
import { preferredType } from "../../http/negotiation/accept.ts";
import { setPath, targetOf } from "../../http/target.ts";

const WITHOUT_SLASH = "/files";

/** Must be used before `basePath`, whose function then runs first: this one sees requests without the base path. */
export function rootFolder() {
  return new Elysia({ name: "root-folder" }).wrap(
    (answer: (request: Request) => unknown) => (request: Request) => {
      // Almost no request matches, so the path is extracted only for those that may.
      if (!/\/files(?:\?|$)/.test(request.url)) return answer(request);
      const { path, query } = targetOf(request);
      if (path !== WITHOUT_SLASH) return answer(request);
      // Relative, so that it holds below every path under which a proxy shows the server.
      if (wantsPage(request)) return folderRedirect(`files/${query === "" ? "" : `?${query}`}`);
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
