// GET /, the page of the root, and the files of the web page, from the folder public/ of the repository or of the binary.

import { staticPlugin } from "@elysiajs/static";
import { Elysia } from "elysia";
import { ROOT } from "../../path.ts";
import { access, allowDetail, askerOf } from "../../plugins/access.ts";
import { folderPage } from "../support/folder-page.ts";
import { ASSETS, pageAnswer, SECURITY } from "../support/page-html.ts";
import type { Services } from "../support/services.ts";

export async function page(services: Services) {
  const { config } = services;
  const files = await staticPlugin({
    assets: ASSETS,
    prefix: "/",
    alwaysStatic: true,
    ignorePatterns: [/index\.html$/],
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
      ({ request, server }) =>
        askerOf(request).sees(ROOT) ? folderPage(services, request, server, ROOT) : pageAnswer(config),
      { allow: "each", detail: { hide: true } },
    )
    .use(files);
}
