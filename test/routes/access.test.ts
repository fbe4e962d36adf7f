// Grants: every route declares what it needs, few routes need none, and requests without the grant are refused.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { formatWords, wordsOf } from "../../src/access/words.ts";
import { type Grant, WORDS } from "../../src/config/config.ts";
import { EXCLUSIVE_LOCK, MODIFIED } from "../support/dav.ts";
import { problemIn } from "../support/problem.ts";
import { allowOf, startServer, type TestServer } from "../support/server.ts";

/** Everything but some words; without `read` also without `list`, which `read` includes. */
const without = (...missing: Grant[]): Set<Grant> =>
  new Set(
    WORDS.filter((grant) => !missing.includes(grant) && !(grant === "list" && missing.includes("read"))),
  );

/** All requests with the grants that their routes declare. */
const NEEDS: [method: string, path: string, ...grants: Grant[]][] = [
  ["GET", "/files/kept.txt", "read"],
  ["HEAD", "/files/kept.txt", "read"],
  ["GET", "/api/entries", "list"],
  ["GET", "/api/search?query=a", "list"],
  ["GET", "/api/usage", "list"],
  ["GET", "/api/archive", "read"],
  ["GET", "/api/uploads", "list"],
  ["HEAD", "/api/uploads/events", "list"],
  ["GET", "/api/uploads/events", "list"],
  ["GET", "/api/uploads/somebodys-own", "write"],
  ["PUT", "/files/new.txt", "write"],
  ["POST", "/files/?name=new.txt", "write"],
  ...["GET", "PUT", "POST", "PATCH", "DELETE"].map((method): [string, string, Grant] => [
    method,
    "/api/probe",
    "write",
  ]),
  ["POST", "/uploads", "write"],
  ["POST", "/api/folders", "write"],
  ["POST", "/api/move", "write", "delete"],
  ["POST", "/api/copy", "read", "write"],
  ["POST", "/api/batch", "write"],
  ["GET", "/api/trash", "delete"],
  ["POST", "/api/trash/restore", "write"],
  ["DELETE", "/api/trash/none", "delete"],
  ["GET", "/api/jobs", "list"],
  ["GET", "/api/jobs/none", "list"],
  ["DELETE", "/api/jobs/none", "write"],
  ["DELETE", "/api/uploads/no-such-upload", "delete"],
  ["PROPFIND", "/dav/", "list"],
  ["PROPPATCH", "/dav/kept.txt", "write", "replace"],
  ["GET", "/dav/kept.txt", "read"],
  ["HEAD", "/dav/kept.txt", "read"],
  ["PUT", "/dav/new-dav.txt", "write"],
  ["MKCOL", "/dav/new-dav-folder", "write"],
  ["LOCK", "/dav/locked-dav.txt", "write"],
  ["UNLOCK", "/dav/locked-dav.txt", "write"],
  ["COPY", "/dav/kept.txt", "read", "write"],
  ["MOVE", "/dav/movable-dav.txt", "delete", "write"],
  ["DELETE", "/dav/removable.txt", "delete"],
  // The last one, because it deletes the upload.
  ["DELETE", "/files/kept.txt", "delete"],
];

/** No such job exists, and no such entry in the trash. */
const ABSENT = new Set([
  "/api/uploads/no-such-upload",
  "/api/jobs/none",
  "/api/trash",
  "/api/trash/none",
  "/api/trash/restore",
]);

/** The bodies of JSON requests. */
const SAYING: Record<string, object> = {
  "/api/folders": { path: "new" },
  "/api/batch": { operations: [{ op: "folder", path: "folder" }] },
  "/api/trash/restore": { id: "none" },
  "/api/copy": { from: "kept.txt", to: "new.txt" },
  "/api/move": { from: "movable.txt", to: "new.txt" },
};

/** Body and headers of WebDAV requests that need more than a URL. */
const DAV_REQUESTS: Record<string, RequestInit> = {
  PROPPATCH: { body: MODIFIED },
  LOCK: { body: EXCLUSIVE_LOCK },
  UNLOCK: { headers: { "lock-token": "<urn:uuid:none>" } },
  COPY: { headers: { destination: "/dav/copied-dav.txt" } },
  MOVE: { headers: { destination: "/dav/moved-dav.txt" } },
};

function ask(server: TestServer, method: string, path: string): Promise<Response> {
  const dav = DAV_REQUESTS[method];
  if (dav) return server.fetch(path, { ...dav, method });
  const said = SAYING[path];
  const headers: Record<string, string> = said ? { "content-type": "application/json" } : {};
  const text = said ? JSON.stringify(said) : "text";
  const body = method === "PUT" || method === "POST" ? text : null;
  return server.fetch(path, { method, body, headers });
}

/** Routes that reveal nothing: the page, the documentation, the health and the abilities of the server, and logging in. */
const PUBLIC = [
  "/",
  "/",
  "/api/invite",
  "/api/session",
  "/api/session/oidc",
  "/api/session/oidc/callback",
  "/api/session/passkey",
  "/api/session/passkey/options",
  "/api/setup",
  "/dav",
  "/dav/*",
  "/health",
  "/invite",
  "/problems",
  "/setup",
  "/swagger",
  "/swagger/json",
  "/swagger/scalar.js",
  "/swagger/start.js",
  "/uploads",
  "/uploads/:id",
];
/** Needs that are no words: see `Allow`. */
const OTHER_NEEDS = ["public", "each", "upload", "link", "account", "person", "owner"];

describe("every route", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  test("declares its grant", () => {
    const silent = server.app.routes.filter(
      (route) =>
        ![allowOf(route)].flat().every((grant) => [...WORDS, ...OTHER_NEEDS].includes(String(grant))),
    );
    expect(silent.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  });

  test("that needs no grant is in a short list, or a file of the page", async () => {
    const open = server.app.routes.filter((route) => allowOf(route) === "public");
    const folder = join(import.meta.dir, "../../public");
    const files = await readdir(folder, { recursive: true, withFileTypes: true });
    const page = files
      .filter((file) => file.isFile() && !file.name.endsWith(".html"))
      .map((file) => `/${relative(folder, join(file.parentPath, file.name))}`);
    expect(open.map(({ path }) => path).sort()).toEqual([...PUBLIC, ...page].sort());
    expect(new Set(open.map(({ method }) => method))).toEqual(
      new Set(["GET", "OPTIONS", "POST", "PROPFIND"]),
    );
  });

  test("that needs one is tested below", () => {
    const closed = server.app.routes.filter((route) => !OTHER_NEEDS.includes(String(allowOf(route))));
    for (const { method, path } of closed) {
      // Without the slash, it is the same folder.
      const start = path === "/dav" ? "/dav/" : path.replace(/[*:].*$/, "");
      const tried = NEEDS.filter(([, url]) =>
        path === start ? url.split("?")[0] === path : url.startsWith(start),
      );
      expect(tried.map(([tried]) => tried)).toContain(method === "ALL" ? "GET" : method);
    }
  });
});

describe.each(
  WORDS.filter((grant) => grant !== "list" && NEEDS.some(([, , ...needed]) => needed.includes(grant))),
)("without %s", (grant) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ allow: without(grant) });
    for (const name of ["kept", "movable", "movable-dav", "removable"])
      await Bun.write(join(server.root, `${name}.txt`), name);
  });
  afterAll(() => server.stop());

  test.each(NEEDS)("%s %s", async (method, path, ...needed) => {
    const answer = await ask(server, method, path);
    const missing = needed.find((word) => word === grant || (word === "list" && grant === "read"));
    if (missing === undefined) {
      // The request names no protocol.
      if (path.startsWith("/uploads")) expect(answer.status).toBe(412);
      else if (ABSENT.has(path)) expect(answer.status).toBe(404);
      else if (method === "UNLOCK") expect(answer.status).toBe(409);
      else expect(answer.status).toBeLessThan(300);
      return;
    }
    if (method === "HEAD") {
      expect(answer.status).toBe(403);
      return;
    }
    const { detail } = await problemIn(answer, "not_allowed");
    expect(detail).toContain(`the grant \`${missing}\``);
    const all = wordsOf(WORDS.filter((word) => without(grant).has(word) || word === missing));
    expect(detail).toContain(`--allow ${formatWords(all)}.`);
    if (grant === "write") expect(await readdir(server.root)).not.toContain("new.txt");
    expect(await Bun.file(join(server.root, "kept.txt")).text()).toBe("kept");
  });
});

test("without replace new files can be saved, but no file can be replaced", async () => {
  await using server = await startServer({ allow: without("replace") });
  const put = (path: string) => server.fetch(path, { method: "PUT", body: "second" });
  await Bun.write(join(server.root, "kept.txt"), "first");
  expect((await put("/files/new.txt")).status).toBe(201);
  const { detail } = await problemIn(await put("/files/kept.txt"), "not_allowed");
  expect(detail).toContain("the grant `replace`");
  expect((await put("/files/kept.txt?conflict=rename")).status).toBe(201);
  expect(await Bun.file(join(server.root, "kept.txt")).text()).toBe("first");
});

test("with read alone every change is refused", async () => {
  await using server = await startServer({ allow: new Set<Grant>(["read"]) });
  await Bun.write(join(server.root, "kept.txt"), "kept");
  for (const [method, path, ...grants] of NEEDS) {
    const answer = await ask(server, method, path);
    const missing = grants.filter((grant) => grant !== "read" && grant !== "list");
    const done = method === "PROPFIND" ? 207 : 200;
    if (missing.length === 0) expect(answer.status).toBe(ABSENT.has(path) ? 404 : done);
    // One who lacks `write` has made no entry that would need nothing more.
    else {
      const named = method === "PROPPATCH" ? missing.slice(0, 1) : missing;
      const all = formatWords(
        wordsOf(WORDS.filter((word) => word === "read" || named.some((one) => one === word))),
      );
      expect((await problemIn(answer, "not_allowed")).detail).toContain(`--allow ${all}`);
    }
  }
  expect((await server.fetch("/health")).status).toBe(200);
  expect(await readdir(server.root)).toEqual(["kept.txt"]);
});

test("unsupported methods are answered with the supported ones, whatever is granted", async () => {
  await using server = await startServer({ allow: new Set<Grant>(["write"]) });
  for (const method of ["PATCH", "OPTIONS", "PROPFIND"]) {
    const answer = await fetch(`${server.url}/files/x`, { method });
    expect(answer.headers.get("allow")).toBe("DELETE, GET, HEAD, POST, PUT");
    await problemIn(answer, "method_not_allowed");
  }
  await problemIn(await server.fetch("/files/x"), "not_allowed");
});
