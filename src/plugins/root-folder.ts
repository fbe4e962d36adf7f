// `/files` is the root folder, as `/files/` is: no other folder needs the slash.

import { Elysia } from "elysia";
import { setPath, targetOf } from "../http/target.ts";

const WITHOUT_SLASH = "/files";

/** Must be used before `basePath`, whose function then runs first: this one sees requests without the base path. */
export function rootFolder() {
  return new Elysia({ name: "root-folder" }).wrap(
    (answer: (request: Request) => unknown) => (request: Request) => {
      // Most requests are done with after this look at their URL.
      if (/\/files(?:\?|$)/.test(request.url) && targetOf(request).path === WITHOUT_SLASH)
        setPath(request, `${WITHOUT_SLASH}/`);
      return answer(request);
    },
  );
}
