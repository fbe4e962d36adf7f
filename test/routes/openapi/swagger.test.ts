// GET /swagger/json: complete, valid, and matching the server's behaviour; GET /swagger: a page without inline code.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import type { OpenAPIV3 } from "openapi-types";
import { WORDS } from "../../../src/config/config.ts";
import { accessShapes } from "../../../src/routes/openapi/access-shapes.ts";
import { accountShapes } from "../../../src/routes/openapi/account-shapes.ts";
import { changeShapes } from "../../../src/routes/openapi/change-shapes.ts";
import { linkShapes } from "../../../src/routes/openapi/link-shapes.ts";
import {
  FormResult,
  Health,
  Listing,
  Problem,
  SavedFile,
  shapes,
  Uploads,
} from "../../../src/routes/openapi/shapes.ts";
import { version } from "../../../src/version.ts";
import { CLIENT_MODULES, noClients } from "../../support/clients.ts";
import { startServer, type TestServer } from "../../support/server.ts";

const none = await noClients("the lint of the OpenAPI document");

let server: TestServer;
let document: OpenAPIV3.Document;
beforeAll(async () => {
  server = await startServer();
  document = JSON.parse(await (await server.fetch("/swagger/json")).text());
});
afterAll(() => server.stop());

/** All operations, as method, path and definition. */
function operations() {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item ?? {}).map(([method, operation]): [string, string, OpenAPIV3.OperationObject] => [
      method.toUpperCase(),
      path,
      Object(operation),
    ]),
  );
}

const responses = ({ responses }: OpenAPIV3.OperationObject): [string, OpenAPIV3.ResponseObject][] =>
  Object.entries(responses).map(([status, response]) => [status, Object(response)]);

describe("the document", () => {
  test("contains exactly the routes that are not hidden, including wildcards", () => {
    const routes = server.app.routes
      .filter(({ hooks }) => !hooks.detail?.hide)
      .flatMap(({ method, path }) => {
        const methods = method === "ALL" ? ["GET", "HEAD"] : [method];
        return methods.map((name) => `${name} ${path.replace("*", "{path}").replace(/:(\w+)/, "{$1}")}`);
      });
    expect(operations().map(([method, path]) => `${method} ${path}`)).toEqual(routes);
    expect(routes).toContain("PUT /files/{path}");
    expect(Object.keys(document.paths).filter((path) => /[*.]|swagger|problems|^\/$/.test(path))).toEqual([]);
  });

  test("describes range requests of files", () => {
    const get: OpenAPIV3.OperationObject = Object(document.paths["/files/{path}"]?.get);
    expect(get.parameters).toContainEqual(expect.objectContaining({ in: "header", name: "Range" }));
    const answers = Object.fromEntries(responses(get));
    for (const status of ["206", "416"])
      expect(Object.keys(answers[status]?.headers ?? {})).toContain("Content-Range");
  });

  test("describes the API", () => {
    expect(document).toMatchObject({
      openapi: "3.0.3",
      info: { title: "Sluice", version, license: { name: "MIT" } },
      servers: [{ url: "/" }],
    });
    const used = new Set(operations().flatMap(([, , { tags = [] }]) => tags));
    expect(new Set(document.tags?.map(({ name }) => name))).toEqual(used);
  });

  test.skipIf(none)("passes redocly's recommended rules without an error or a warning", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-openapi-"));
    const file = join(folder, "openapi.json");
    await Bun.write(file, JSON.stringify(document));
    const cli = join(CLIENT_MODULES, "@redocly/cli/bin/cli.js");
    const lint = Bun.spawn(
      [process.execPath, cli, "lint", file, "--extends", "recommended", "--format", "json"],
      {
        cwd: folder,
        env: { REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true", HOME: folder },
        stdout: "pipe",
        stderr: "ignore",
      },
    );
    const { totals, problems } = JSON.parse(await lint.stdout.text());
    await rm(folder, { recursive: true });
    expect(problems).toEqual([]);
    expect(totals).toEqual({ errors: 0, warnings: 0, ignored: 0 });
    expect(await lint.exited).toBe(0);
  });

  test("says which credentials each operation takes, and how it answers without", () => {
    expect(Object.keys(document.components?.securitySchemes ?? {})).toEqual(["token", "basic", "session"]);
    const all = [{ token: [] }, { basic: [] }, { session: [] }];
    const kinds = new Map<string, number>();
    for (const [method, path, operation] of operations()) {
      const allow = String(Reflect.get(operation, "x-allow"));
      const [kind, expected] = ["public", "upload", "link"].includes(allow)
        ? ["nothing", []]
        : ["account", "owner"].includes(allow)
          ? ["account", all]
          : allow === "person"
            ? ["person", [{ basic: [] }, { session: [] }]]
            : ["grant", [{}, ...all]];
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      expect([method, path, operation.security]).toEqual([method, path, expected]);
      if (kind !== "nothing") {
        const { 401: answer } = Object.fromEntries(responses(operation));
        expect(Object.keys(answer?.content ?? {})).toEqual(
          method === "HEAD" ? [] : ["application/problem+json"],
        );
        expect(Object.keys(answer?.headers ?? {})).toContain("WWW-Authenticate");
      }
    }
    expect([...kinds.keys()].toSorted()).toEqual(["account", "grant", "nothing", "person"]);
  });

  test("defines every schema once", () => {
    const all = [...shapes, ...changeShapes, ...accessShapes, ...accountShapes, ...linkShapes];
    const names = all.map(({ $id = "" }) => $id);
    expect(Object.keys(document.components?.schemas ?? {})).toEqual(names);
    const text = JSON.stringify(document);
    for (const name of names) expect(text).toContain(`"#/components/schemas/${name}"`);
    expect(text).not.toMatch(/"(\$id|const|elysiaMeta|hide)":/);
  });

  test("describes every error as a problem, with the needed grant", () => {
    for (const [method, path, operation] of operations()) {
      const at = `${method} ${path}`;
      const allow = "x-allow" in operation ? operation["x-allow"] : undefined;
      for (const [status, { content }] of responses(operation)) {
        if (method === "HEAD") expect([at, status, content]).toEqual([at, status, undefined]);
        else if (Number(status) >= 400 && path !== "/health")
          expect(content).toEqual({
            "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
          });
      }
      const refused = Object.fromEntries(responses(operation))["403"]?.description ?? "";
      const grants = WORDS.filter((word) => [allow].flat().includes(word));
      if (grants.length > 0) expect([at, refused]).toEqual([at, expect.stringContaining("`not_allowed`")]);
      for (const grant of grants)
        expect([at, operation.description]).toEqual([at, expect.stringContaining(`\`${grant}\``)]);
    }
  });

  test("describes the headers that clients need", () => {
    const put = document.paths["/files/{path}"]?.put;
    const names = put?.parameters?.map((parameter) => ("name" in parameter ? parameter.name : ""));
    expect(names).toEqual(
      expect.arrayContaining(["path", "conflict", "If-None-Match", "Repr-Digest", "X-Request-Id"]),
    );
    const answered = put && Object.fromEntries(responses(put));
    expect(Object.keys(answered?.["201"]?.headers ?? {})).toEqual(
      expect.arrayContaining(["Location", "ETag", "Server-Timing", "Repr-Digest"]),
    );
    expect(Object.keys(answered?.["503"]?.headers ?? {})).toEqual(["Retry-After"]);
  });

  test("describes which errors are not problems", async () => {
    expect(document.info.description).toContain("more than 16 KiB of URL and headers");
    const answer = await server.fetch(`/api/entries?cursor=${"x".repeat(20_000)}`);
    expect([answer.status, await answer.text()]).toEqual([431, ""]);
  });

  test("describes that files have their own types", async () => {
    const get: OpenAPIV3.OperationObject = Object(document.paths["/files/{path}"]?.get);
    for (const [status, { content = {} }] of responses(get))
      if (status === "200" || status === "206") expect(Object.keys(content)).toEqual(["*/*"]);
  });

  test("does not restrict headers whose invalid values are ignored", async () => {
    const put: OpenAPIV3.OperationObject = Object(document.paths["/files/{path}"]?.put);
    const id = put.parameters?.find((parameter) => "name" in parameter && parameter.name === "X-Request-Id");
    expect(id).toHaveProperty("schema", { type: "string" });
    const sent = { method: "PUT", headers: { "x-request-id": "a b" }, body: "a" };
    expect((await server.fetch("/files/named", sent)).status).toBe(201);
  });

  test("is the same for repeated requests", async () => {
    expect(await (await server.fetch("/swagger/json")).json()).toEqual(document);
  });
});

describe("responses match the document exactly", () => {
  const form = () => {
    const body = new FormData();
    body.append("file", new File(["one"], "one.txt"));
    return body;
  };
  const twoWithOneBad = () => {
    const body = form();
    body.append("file", new File(["two"], "../two.txt"));
    return body;
  };
  const cases: [string, number, TSchema, () => Promise<Response>][] = [
    ["putFile", 201, SavedFile, () => server.fetch("/files/new/a.txt", { method: "PUT", body: "a" })],
    ["putFile", 200, SavedFile, () => server.fetch("/files/new/a.txt", { method: "PUT", body: "b" })],
    ["postFiles", 201, SavedFile, () => server.fetch("/files/new?name=a.txt", { method: "POST", body: "c" })],
    ["postFiles", 201, FormResult, () => server.fetch("/files/form/", { method: "POST", body: form() })],
    [
      "postFiles",
      207,
      FormResult,
      () => server.fetch("/files/form/", { method: "POST", body: twoWithOneBad() }),
    ],
    ["listEntries", 200, Listing, () => server.fetch("/api/entries?folder=new&limit=1")],
    ["listUploads", 200, Uploads, () => server.fetch("/api/uploads")],
    ["getHealth", 200, Health, () => server.fetch("/health")],
    ["getFile", 404, Problem, () => server.fetch("/files/none")],
    ["putFile", 400, Problem, () => server.fetch("/files/a%2F..%2Fb", { method: "PUT", body: "a" })],
    [
      "putFile",
      409,
      Problem,
      () => server.fetch("/files/new/a.txt?conflict=fail", { method: "PUT", body: "a" }),
    ],
    ["listEntries", 400, Problem, () => server.fetch("/api/entries?sort=colour")],
  ];

  test.each(cases)("%s %i", async (operationId, status, shape, ask) => {
    const answer = await ask();
    const body: unknown = await answer.json();
    expect(answer.status).toBe(status);
    const [, , operation] = operations().find(([, , { operationId: id }]) => id === operationId) ?? [];
    expect(Object.keys(operation?.responses ?? {})).toContain(String(status));
    expect([...Value.Errors(shape, body)].map(({ path, message }) => `${path}: ${message}`)).toEqual([]);
    expect(Value.Clean(shape, structuredClone(body))).toEqual(body);
  });
});

describe("the page", () => {
  test("has no inline script or style, and allows only scripts of this server", async () => {
    const answer = await server.fetch("/swagger");
    expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'; script-src 'self';");
    expect(policy).not.toMatch(/unsafe-eval|https?:/);
    const page = await answer.text();
    expect(page).not.toMatch(/<script>|<style|\son[a-z]+=|https?:/);
    for (const [, path = ""] of page.matchAll(/(?:src|href)="([^"]+)"/g))
      expect([path, (await server.fetch(path)).status]).toEqual([path, 200]);
  });

  test("is also available with a trailing slash", async () => {
    expect(await (await server.fetch("/swagger/")).text()).toBe(
      await (await server.fetch("/swagger")).text(),
    );
  });
});
