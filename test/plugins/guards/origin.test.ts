// Pages of other origins: refused by default, allowed by name.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { OpenAPIV3 } from "openapi-types";
import { problemIn } from "../../support/problem.ts";
import { startServer, type TestServer } from "../../support/server.ts";

const FRIEND = "https://app.example";

let closed: TestServer;
let open: TestServer;
beforeAll(async () => {
  [closed, open] = [await startServer(), await startServer({ cors: [FRIEND, "http://localhost:5173"] })];
});
afterAll(async () => {
  await closed.stop();
  await open.stop();
});

const put = (server: TestServer, headers: Record<string, string>) =>
  server.fetch("/files/a", { method: "PUT", body: "x", headers });
const corsOf = (answer: Response) =>
  [...answer.headers.keys()].filter((name) => name.startsWith("access-control"));

describe("without --cors", () => {
  test.each<[string, Record<string, string>]>([
    ["another site", { origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
    ["another site, in an old browser", { origin: "https://evil.example" }],
    ["a sandboxed frame", { origin: "null" }],
    ["another port of this host", { origin: "http://127.0.0.1:1" }],
    ["a sister of this host", { "sec-fetch-site": "same-site", origin: "http://sister.example" }],
    ["another site that hides itself", { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" }],
    ["nonsense", { origin: "nonsense" }],
  ])("%s is refused", async (_, headers) => {
    for (const send of [
      put(closed, headers),
      closed.fetch("/api/entries", { headers }),
      closed.fetch("/", { headers }),
    ]) {
      const answer = await send;
      expect(corsOf(answer)).toEqual([]);
      expect((await problemIn(answer, "cross_origin")).detail).toContain("--cors");
    }
    expect((await closed.fetch("/files/a")).status).toBe(404);
  });

  test("a form submitted by another site is refused", async () => {
    const answer = await closed.fetch("/files/", {
      method: "POST",
      body: "x",
      headers: {
        origin: "https://evil.example",
        "sec-fetch-site": "cross-site",
        "sec-fetch-mode": "navigate",
      },
    });
    await problemIn(answer, "cross_origin");
  });

  test("a preflight is refused", async () => {
    const headers = { origin: FRIEND, "access-control-request-method": "PUT" };
    const answer = await closed.fetch("/files/a", { method: "OPTIONS", headers });
    expect(corsOf(answer)).toEqual([]);
    await problemIn(answer, "cross_origin");
  });

  test("a link on another site works", async () => {
    const headers = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    expect((await closed.fetch("/", { headers })).status).toBe(200);
  });

  test.each<[string, (url: string) => Record<string, string>]>([
    ["programs that are no browsers", () => ({})],
    ["the page itself", (url) => ({ origin: url, "sec-fetch-site": "same-origin" })],
    ["the page itself, in an old browser", (url) => ({ origin: url })],
    ["a person who types the address", () => ({ "sec-fetch-site": "none", "sec-fetch-mode": "navigate" })],
    [
      "the page behind a proxy that changes the host",
      () => ({ origin: "https://files.example", "sec-fetch-site": "same-origin" }),
    ],
    [
      "the page behind a proxy that speaks https",
      () => ({ origin: "https://files.example", host: "files.example" }),
    ],
  ])("%s may", async (_, headersFor) => {
    await using server = await startServer({ hostname: ["files.example"] });
    expect((await put(server, headersFor(server.url))).status).toBe(201);
  });
});

describe("with --cors", () => {
  test("a named origin may send requests, and can read the same headers as the page", async () => {
    const answer = await put(open, { origin: FRIEND, "sec-fetch-site": "cross-site" });
    expect(answer.ok).toBe(true);
    expect(answer.headers.get("access-control-allow-origin")).toBe(FRIEND);
    expect(answer.headers.get("vary")).toContain("Origin");
    const exposed = answer.headers.get("access-control-expose-headers")?.split(", ");
    for (const name of ["Location", "ETag", "Repr-Digest", "Retry-After"]) expect(exposed).toContain(name);
    expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
  });

  test("it can read errors of every kind", async () => {
    for (const path of ["/nothing", "/files/..%2Fx", "/files/nothing", "/api/entries?limit=0"]) {
      const answer = await open.fetch(path, { headers: { origin: FRIEND } });
      expect(answer.status).toBeWithin(400, 500);
      expect(answer.headers.get("access-control-allow-origin")).toBe(FRIEND);
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
    }
  });

  test("it can read downloads, listings and health", async () => {
    await put(open, {});
    for (const path of ["/files/a", "/api/entries", "/health"]) {
      const answer = await open.fetch(path, { headers: { origin: FRIEND } });
      expect(answer.status).toBe(200);
      expect(answer.headers.get("access-control-allow-origin")).toBe(FRIEND);
    }
  });

  test("its preflight is answered with every method and header an upload uses", async () => {
    const answer = await open.fetch("/files/a", {
      method: "OPTIONS",
      headers: {
        origin: FRIEND,
        "access-control-request-method": "PUT",
        "access-control-request-headers": "content-type,repr-digest",
      },
    });
    expect(answer.status).toBe(204);
    expect(answer.headers.get("access-control-allow-origin")).toBe(FRIEND);
    expect(answer.headers.get("access-control-allow-methods")).toBe(
      "GET, HEAD, PUT, POST, PATCH, DELETE, OPTIONS, PROPFIND, PROPPATCH, MKCOL, MOVE, COPY, LOCK, UNLOCK",
    );
    const headers = answer.headers.get("access-control-allow-headers")?.toLowerCase().split(", ") ?? [];
    for (const name of ["content-type", "if-match", "if-none-match", "if-unmodified-since", "repr-digest"])
      expect(headers).toContain(name);
  });

  test("it can send and read the headers of WebDAV", async () => {
    const asked = { origin: FRIEND, "access-control-request-method": "PROPFIND" };
    const preflight = await open.fetch("/dav/", { method: "OPTIONS", headers: asked });
    const sent = preflight.headers.get("access-control-allow-headers")?.toLowerCase().split(", ");
    for (const name of ["depth", "destination", "if", "lock-token", "overwrite", "timeout"])
      expect(sent).toContain(name);
    const answer = await open.fetch("/dav/", { method: "PROPFIND", headers: { origin: FRIEND, depth: "0" } });
    expect(answer.status).toBe(207);
    const read = answer.headers.get("access-control-expose-headers")?.toLowerCase().split(", ");
    for (const name of ["dav", "lock-token"]) expect(read).toContain(name);
  });

  test("it can send and read every header of a resumable upload", async () => {
    const preflight = await open.fetch("/files/a", {
      method: "OPTIONS",
      headers: { origin: FRIEND, "access-control-request-method": "PATCH" },
    });
    const sent = preflight.headers.get("access-control-allow-headers")?.toLowerCase().split(", ");
    const both =
      "tus-resumable upload-length upload-offset upload-metadata upload-defer-length upload-concat upload-complete upload-incomplete upload-draft-interop-version";
    const tus = "authorization x-requested-with x-http-method-override upload-checksum content-disposition";
    for (const name of `${both} ${tus} content-digest want-repr-digest`.split(" "))
      expect(sent).toContain(name);

    const answer = await open.fetch("/files/nothing", { headers: { origin: FRIEND } });
    expect(answer.status).toBe(404);
    const read = answer.headers.get("access-control-expose-headers")?.toLowerCase().split(", ");
    const abilities =
      "tus-version tus-extension tus-max-size tus-checksum-algorithm upload-limit accept-patch";
    for (const name of `${both} ${abilities} location content-location upload-expires`.split(" "))
      expect(read).toContain(name);
  });

  test.each([
    "https://evil.example",
    "https://app.example.evil.example",
    "https://sub.app.example",
    "http://app.example",
    "https://app.example:8443",
    "HTTPS://APP.EXAMPLE",
    "null",
  ])("%s is another origin", async (origin) => {
    const answer = await put(open, { origin });
    expect(corsOf(answer)).toEqual([]);
    await problemIn(answer, "cross_origin");
  });
});

describe("every header of the document", () => {
  /** The names of headers in the document: those of requests, or those of answers. */
  async function documented(of: "request" | "answer"): Promise<string[]> {
    const document: OpenAPIV3.Document = JSON.parse(await (await open.fetch("/swagger/json")).text());
    const operations = Object.values(document.paths).flatMap((path) =>
      [path?.get, path?.head, path?.put, path?.post, path?.patch, path?.delete, path?.options].filter(
        (operation) => operation !== undefined,
      ),
    );
    const names = operations.flatMap((operation) =>
      of === "request"
        ? (operation.parameters ?? []).flatMap((parameter) =>
            "in" in parameter && parameter.in === "header" ? [parameter.name] : [],
          )
        : Object.values(operation.responses).flatMap((answer) =>
            "headers" in answer ? Object.keys(answer.headers ?? {}) : [],
          ),
    );
    expect(names.length).toBeGreaterThan(20);
    return [...new Set(names.map((name) => name.toLowerCase()))];
  }
  const listed = (answer: Response, header: string): string[] =>
    (answer.headers.get(header) ?? "").toLowerCase().split(", ");
  const preflight = { origin: FRIEND, "access-control-request-method": "PUT" };

  test("of a request may be sent", async () => {
    const answer = await open.fetch("/files/a", { method: "OPTIONS", headers: preflight });
    const allowed = listed(answer, "access-control-allow-headers");
    expect((await documented("request")).filter((name) => !allowed.includes(name))).toEqual([]);
  });

  test("of an answer may be read", async () => {
    const answer = await open.fetch("/health", { headers: { origin: FRIEND } });
    // Fetch exposes these without being told (CORS-safelisted response-header names).
    const exposed = [
      ...listed(answer, "access-control-expose-headers"),
      ...["cache-control", "content-language", "content-type", "expires", "last-modified", "pragma"],
    ];
    const unread = (await documented("answer")).filter((name) => !exposed.includes(name));
    // Browsers use these themselves, and no page may read `Set-Cookie`.
    const own = (name: string): boolean => name.startsWith("access-control-") || name === "set-cookie";
    expect(unread.filter((name) => !own(name))).toEqual([]);
  });
});
