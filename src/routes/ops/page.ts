// GET / and the files of the web page, from the folder public/ of the repository or of the binary.

import { staticPlugin } from "@elysiajs/static";
import { Elysia } from "elysia";
import { access, allowDetail } from "../../plugins/access.ts";
import { ASSETS, pageAnswer, SECURITY } from "../support/page-html.ts";
import type { Services } from "../support/services.ts";

export async function page({ config }: Services) {
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
    .use(access(config.allow))
    .get("/", () => pageAnswer(config), { allow: "public", detail: { hide: true } })
    .use(files);
}
