// GET / and the files of the web page, from the folder public/ beside the source or inside the binary.

import { join } from "node:path";
import { staticPlugin } from "@elysiajs/static";
import { Elysia } from "elysia";
import type { Config } from "../../config/config.ts";
import { access, allowDetail } from "../../plugins/access.ts";
import type { Services } from "../support/services.ts";

/** In the binary every module sees the top of the embedded tree as its folder. */
const assets = Bun.isStandaloneExecutable
  ? join(import.meta.dir, "public")
  : join(import.meta.dir, "../../../public");

const SECURITY = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

/** What index.html is told when it is served: its grants, and for how many seconds removed entries can come back. */
const TOLD = /(?<=<meta name="sluice-(allow|trash)" content=")[^"]*/g;

/** The page itself: the same for every folder, it reads its folder from the address. */
export async function pageAnswer({ allow, trash = 0 }: Config, status: 200 | 404 = 200): Promise<Response> {
  const headers = {
    ...SECURITY,
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-cache",
    vary: "Accept",
  };
  const text = await Bun.file(join(assets, "index.html")).text();
  return new Response(
    text.replace(TOLD, (_, what) => (what === "allow" ? [...allow].join(",") : `${trash}`)),
    { status, headers },
  );
}

export async function page({ config }: Services) {
  const files = await staticPlugin({
    assets,
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
