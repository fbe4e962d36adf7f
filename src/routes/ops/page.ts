// GET /, the page of the root, and the files of the web page, from the folder public/ of the repository or of the binary.

import { staticPlugin } from "@elysiajs/static";
import { Elysia } from "elysia";
import { ROOT } from "../../path.ts";
import { access, allowDetail, askerOf } from "../../plugins/access.ts";
import { folderPage } from "../support/folder-page.ts";
import { ASSETS, pageAnswer, SECURITY } from "../support/page-html.ts";
import type { Services } from "../support/services.ts";
import { qr } from "./qr.ts";

export async function page(services: Services) {
  const files = await staticPlugin({
    assets: ASSETS,
    prefix: "/",
    alwaysStatic: true,
    ignorePatterns: [/\.html$/],
    indexHTML: false,
    headers: SECURITY,
    directive: "no-cache",
    maxAge: 0,
    detail: { hide: true, ...allowDetail("public") },
  });
  return new Elysia({ name: "page" })
    .use(access(services))
    .get(
      "/",
      ({ request, server }) => {
        const asker = askerOf(request);
        if (asker.sees(ROOT)) return folderPage(services, request, server, ROOT);
        return pageAnswer(request, asker.couldLogIn && !asker.can("write", ROOT) ? 401 : 200);
      },
      { allow: "each", detail: { hide: true } },
    )
    .get("/setup", ({ request }) => pageAnswer(request, 200, "start/start.html"), {
      allow: "public",
      detail: { hide: true },
    })
    .get("/invite", ({ request }) => pageAnswer(request, 200, "start/start.html"), {
      allow: "public",
      detail: { hide: true },
    })
    .use(qr(services))
    .use(files);
}
