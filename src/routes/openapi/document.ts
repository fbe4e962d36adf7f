// Generates the OpenAPI document from the routes: their schemas, `detail` and answers.

import { swagger } from "@elysiajs/swagger";
import type { TObject } from "@sinclair/typebox";
import { type DocumentDecoration, Elysia } from "elysia";
import type { OpenAPIV3 } from "openapi-types";
import { type AllowDetail, grantOf } from "../../plugins/access.ts";
import { version } from "../../version.ts";
import { accessShapes } from "./access-shapes.ts";
import { accountShapes } from "./account-shapes.ts";
import type { Answer } from "./answers.ts";
import { changeShapes } from "./change-shapes.ts";
import { answerHeaders } from "./headers.ts";
import { linkShapes } from "./link-shapes.ts";
import { openApiDocument } from "./schemas.ts";
import { type DescribedAnswer, SECURITY_SCHEMES, securityOf, withLogin } from "./security.ts";
import { shapes } from "./shapes.ts";

/** The documented properties of a route. */
export interface Route {
  method: string;
  path: string;
  hooks: {
    detail?: DocumentDecoration & Partial<AllowDetail>;
    params?: TObject;
    query?: TObject;
    response?: Readonly<Record<string, Answer<unknown>>>;
  };
}

const ABOUT: Pick<OpenAPIV3.Document, "info" | "tags" | "security" | "components"> = {
  info: {
    title: "Sluice",
    version,
    license: { name: "MIT", url: "https://opensource.org/license/mit" },
    description: [
      "A file server for large files: uploads stream to the disk in constant memory and report where the time went.",
      "**Paths.** `{path}` is the path of a file or folder below the root. `/` and `%2F` in it mean the same, so clients that encode it as one segment reach nested files; the empty path is the root.",
      "**Errors.** Every error is a `Problem` (RFC 9457). Its `code` is stable, its `type` links to an explanation on this server: `/problems`. Only malformed requests, and those with more than 16 KiB of URL and headers, are answered without one: 400 and 431, with no body.",
      "**Access.** Grants stand at folders, for anyone (`--allow read,write,…`) or for accounts. Each operation states the grants it needs (`x-allow`). Without them it answers 403 `not_allowed`, 401 `login_required` where a login could help, or 404 to an account that may not even list the path. Programs send a token: `Authorization: Bearer …`, or as the password of Basic. Replacing an existing file needs `replace` in addition to `write`.",
    ].join("\n\n"),
  },
  security: [],
  components: { securitySchemes: SECURITY_SCHEMES },
  tags: [
    { name: "Upload", description: "Saving files and following uploads" },
    {
      name: "Resumable upload",
      description: "Uploads that continue after an interruption: tus and Resumable Uploads for HTTP",
    },
    { name: "Files", description: "Downloading, listing and removing" },
    { name: "Accounts", description: "Accounts, invites and tokens" },
    { name: "Access", description: "Logging in, and one's own permissions" },
    { name: "Links", description: "Links to files and folders, and drops, which are for uploads only" },
    { name: "Server", description: "The server itself" },
  ],
};

/** The parameter name that replaces `*` in a path. */
const WILDCARD = "path";

/** The OpenAPI document of these routes, without hidden ones, and without `servers`. */
export async function documentOf(routes: readonly Route[]): Promise<object> {
  // The plugin drops wildcards and cannot describe answers or headers: give it stub routes with a complete `detail`.
  const stubs = new Elysia().use(
    swagger({ excludeStaticFile: false, excludeMethods: [], documentation: ABOUT }),
  );
  for (const route of routes) {
    if (route.hooks.detail?.hide) continue;
    // A route for all methods counts as GET and HEAD.
    for (const method of route.method === "ALL" ? ["GET", "HEAD"] : [route.method])
      stubs.route(method, route.path.replace(/\*$/, `:${WILDCARD}`), "", {
        detail: operation(method, route),
      });
  }
  const answer = await stubs.handle(new Request("http://localhost/swagger/json"));
  return openApiDocument(await answer.json(), [
    ...shapes,
    ...changeShapes,
    ...accessShapes,
    ...accountShapes,
    ...linkShapes,
  ]);
}

function operation(method: string, { hooks }: Route): OpenAPIV3.OperationObject {
  const { detail = {}, params, query, response = {} } = hooks;
  const { operationId = "", summary = "", description = "", "x-allow": allow } = detail;
  const answers = Object.entries(withLogin(response, allow));
  const parts = {
    security: securityOf(allow),
    description: `${description} ${allow === undefined ? "" : grantOf(allow)}`.trim(),
    parameters: [...parameters("path", params), ...parameters("query", query), ...(detail.parameters ?? [])],
    responses: Object.fromEntries(answers.map(([status, answer]) => [status, responseOf(answer, method)])),
  };
  if (method !== "HEAD") return { ...detail, ...parts };
  return {
    ...detail,
    ...parts,
    operationId: operationId.replace("get", "head"),
    summary: `${summary}: headers only`,
  };
}

function parameters(location: "path" | "query", schema: TObject | undefined): OpenAPIV3.ParameterObject[] {
  return Object.entries(schema?.properties ?? {}).map(([name, { description = "", ...shape }]) => ({
    in: location,
    name: name === "*" ? WILDCARD : name,
    required: schema?.required?.includes(name) ?? false,
    description,
    schema: shape,
  }));
}

function responseOf(
  { description, headers, content }: DescribedAnswer,
  method: string,
): OpenAPIV3.ResponseObject {
  const media = Object.entries(content).map(([type, schema]) => [type, { schema }]);
  return {
    description,
    ...(headers.length > 0 && { headers: answerHeaders(headers) }),
    ...(method !== "HEAD" && media.length > 0 && { content: Object.fromEntries(media) }),
  };
}
