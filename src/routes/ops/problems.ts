// GET /problems: the page that the `type` of every problem links to; explains each problem and its fix.

import { Elysia } from "elysia";
import { PROBLEMS } from "../../errors.ts";
import { access } from "../../plugins/access.ts";
import { publicPrefix } from "../../plugins/request-info.ts";
import { linksUnder } from "../../plugins/target/base-path.ts";
import type { Services } from "../support/services.ts";

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-cache",
};

export function problems(services: Services) {
  return new Elysia({ name: "problems" })
    .use(access(services))
    .get(
      "/problems",
      ({ request }) => new Response(linksUnder(publicPrefix(request), PAGE), { headers: HEADERS }),
      { allow: "public", detail: { hide: true } },
    );
}

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Problems · Sluice</title>
    <link rel="icon" href="/favicon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="/base.css">
    <link rel="stylesheet" href="/problems.css">
  </head>
  <body>
    <main class="frame problems">
      <h1>Problems</h1>
      <p>All errors this server reports. The code is the stable name of an error.</p>
${Object.entries(PROBLEMS).map(section).join("\n")}
    </main>
  </body>
</html>
`;

function section([code, { status, title, help }]: [
  string,
  (typeof PROBLEMS)[keyof typeof PROBLEMS],
]): string {
  return `      <section class="card problem" id="/${code}">
        <h2>${Bun.escapeHTML(title)}</h2>
        <p class="problem-code"><code>${code}</code> · ${status}</p>
        <p>${Bun.escapeHTML(help).replace(/`([^`]*)`/g, "<code>$1</code>")}</p>
      </section>`;
}
