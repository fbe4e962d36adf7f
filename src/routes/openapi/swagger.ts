// GET /swagger and /swagger/json: the API page, which loads nothing from other hosts, and the OpenAPI document.

import { dirname, join } from "node:path";
import { Elysia } from "elysia";
import { access } from "../../plugins/access.ts";
import { publicPrefix } from "../../plugins/request-info.ts";
import { linksUnder } from "../../plugins/target/base-path.ts";
import { version } from "../../version.ts";
import type { Services } from "../support/services.ts";
import type { Route } from "./document.ts";

/** Scalar as one script. Only its package for Fastify contains the bundle without the source packages. */
const PACKAGE = "@scalar/fastify-api-reference";
const SCRIPT = "dist/js/standalone.js";
/** In the binary, node_modules is at the top of the embedded tree. */
const scalar = Bun.isStandaloneExecutable
  ? join(import.meta.dir, "node_modules", PACKAGE, SCRIPT)
  : join(dirname(Bun.resolveSync(`${PACKAGE}/package.json`, import.meta.dir)), SCRIPT);

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Sluice API</title>
    <link rel="icon" href="/favicon.svg" type="image/svg+xml">
    <script src="/swagger/scalar.js?${version}" defer></script>
    <script src="/swagger/start.js" defer></script>
  </head>
  <body>
    <noscript>This page needs JavaScript. The same information is in <a href="/swagger/json">the OpenAPI document</a>.</noscript>
    <div id="api"></div>
  </body>
</html>
`;

/** Disables every Scalar feature that contacts another host. */
const SETTINGS = {
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  showDeveloperTools: "never",
  hideClientButton: true,
  defaultOpenAllTags: true,
};
const startScript = (url: string): string =>
  `Scalar.createApiReference("#api", ${JSON.stringify({ url, ...SETTINGS })});\n`;

/** Scalar uses inline styles, but no inline scripts. */
const SECURITY =
  "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src 'self' data:; font-src data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

function answer(body: string | Blob, type: string, more: Record<string, string> = {}): Response {
  const headers = { "content-type": type, "x-content-type-options": "nosniff", "cache-control": "no-cache" };
  return new Response(body, { headers: { ...headers, ...more } });
}

/** @param routes returns all routes of the app; called on the first request */
export function swagger(services: Services, routes: () => readonly Route[]) {
  let document: Promise<string> | undefined;
  // Imported on demand: the swagger plugin takes 10 ms and 7 MB to load.
  const generate = async (): Promise<string> => {
    const { documentOf } = await import("./document.ts");
    return JSON.stringify(await documentOf(routes()));
  };
  const options = { allow: "public", detail: { hide: true } } as const;

  return new Elysia({ name: "swagger" })
    .use(access(services))
    .get(
      "/swagger",
      ({ request }) =>
        answer(linksUnder(publicPrefix(request), PAGE), "text/html; charset=utf-8", {
          "content-security-policy": SECURITY,
          "referrer-policy": "no-referrer",
        }),
      options,
    )
    .get(
      "/swagger/start.js",
      ({ request }) =>
        answer(startScript(`${publicPrefix(request)}/swagger/json`), "text/javascript; charset=utf-8"),
      options,
    )
    .get(
      "/swagger/scalar.js",
      // The URL contains the version, so that the large script can be cached forever.
      () =>
        answer(Bun.file(scalar), "text/javascript; charset=utf-8", {
          "cache-control": "public, max-age=31536000, immutable",
        }),
      options,
    )
    .get(
      "/swagger/json",
      async ({ request }) => {
        document ??= generate();
        // Only the address differs between requests.
        const servers = JSON.stringify([{ url: publicPrefix(request) || "/", description: "This server" }]);
        return answer(`{"servers":${servers},${(await document).slice(1)}`, "application/json");
      },
      options,
    );
}
