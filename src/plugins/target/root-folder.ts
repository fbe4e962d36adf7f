// Makes `/files` the root folder: like every other folder, it can be requested without the final slash.

import { Elysia } from "elysia";
import { folderRedirect } from "../../http/folder-redirect.ts";
import { preferredType } from "../../http/negotiation/accept.ts";
import { setPath, targetOf } from "../../http/target.ts";

const WITHOUT_SLASH = "/files";

/**
 * Must be used before `basePath`, whose function then runs first: this one sees requests without the base path.
 * @param base `--base-path`, for the redirect
 */
export function rootFolder(base: string) {
  return new Elysia({ name: "root-folder" }).wrap(
    (answer: (request: Request) => unknown) => (request: Request) => {
      // Almost no request matches, so the path is extracted only for those that may.
      if (!/\/files(?:\?|$)/.test(request.url)) return answer(request);
      const { path, query } = targetOf(request);
      if (path !== WITHOUT_SLASH) return answer(request);
      if (wantsPage(request))
        return folderRedirect(`${base}${WITHOUT_SLASH}/${query === "" ? "" : `?${query}`}`);
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
