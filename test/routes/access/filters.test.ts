// Entries that an account may not list are in no listing, page, search, size or archive, nor in the cursor between two pages.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { checkFilePath } from "../../../src/path.ts";
import { Listing, SearchResult, Usage } from "../../../src/routes/openapi/shapes.ts";
import { type AccessServer, bearer, startAccessServer } from "../../support/access.ts";
import { bodyIn } from "../../support/answer.ts";
import { problemIn } from "../../support/problem.ts";

/** Part of every name that carol may not see. */
const CANARY = "canary";

let server: AccessServer;
let carol: Record<string, string>;
let owner: Record<string, string>;

beforeAll(async () => {
  server = await startAccessServer((database) => {
    database.account("olga", {}, { owner: true });
    database.account("carol", {
      "": "read",
      "canary-b": "none",
      "canary-deep/a/shown": "read",
      "canary-deep": "none",
      "listed-only": "list",
      "mixed/canary-x": "none",
      "mixed/canary-y": "none",
      "mixed/canary-z": "none",
    });
    carol = bearer(database.token("carol"));
    owner = bearer(database.token("olga"));
  });
  for (const path of [
    "a.txt",
    "canary-b/canary.txt",
    "canary-b/folder/canary.txt",
    "canary-bc.txt",
    "canary-deep/canary.txt",
    "canary-deep/a/canary.txt",
    "canary-deep/a/shown/found.txt",
    "listed-only/name.txt",
    "mixed/canary-x",
    "mixed/canary-y",
    "mixed/canary-z",
    "mixed/m.txt",
    "mixed/z.txt",
    "pub/open.txt",
  ]) {
    await mkdir(join(server.root, path, ".."), { recursive: true });
    await Bun.write(join(server.root, path), `bytes of ${path}`);
  }
  for (const [at, to] of [
    ["pub/to-folder", "../canary-b"],
    ["pub/to-file", "../canary-b/canary.txt"],
    ["pub/to-open", "open.txt"],
    ["pub/up", "../canary-b/folder"],
  ] as const)
    await symlink(to, join(server.root, at));
});
afterAll(() => server.stop());

const get = (path: string, headers = carol) => server.fetch(path, { headers });
const names = async (folder: string, headers = carol): Promise<string[]> => {
  const answer = await get(`/api/entries?folder=${folder}`, headers);
  const { entries } = await bodyIn(Listing, answer);
  return entries.map(({ name }) => name);
};

describe("a listing", () => {
  test("leaves out what may not be listed, and shows folders that lead to something", async () => {
    expect(await names("")).toEqual(["a.txt", "canary-bc.txt", "canary-deep", "listed-only", "mixed", "pub"]);
    expect(await names("canary-deep")).toEqual(["a"]);
    expect(await names("canary-deep/a")).toEqual(["shown"]);
    expect(await names("canary-deep/a/shown")).toEqual(["found.txt"]);
    expect(await names("", owner)).toContain("canary-b");
  });

  test("has full pages, whose cursor names no hidden entry", async () => {
    const shown: string[] = [];
    let cursor = "";
    for (let pages = 0; pages < 10; pages += 1) {
      const answer = await get(`/api/entries?folder=mixed&limit=1${cursor && `&cursor=${cursor}`}`);
      const { entries, next } = await bodyIn(Listing, answer);
      shown.push(...entries.map(({ name }) => name));
      expect(entries).toHaveLength(1);
      expect(Buffer.from(next ?? "", "base64url").toString()).not.toContain(CANARY);
      if (next === null) break;
      cursor = next;
    }
    expect(shown).toEqual(["m.txt", "z.txt"]);
  });

  test("is the same as a page for people and as JSON", async () => {
    for (const accept of ["text/html", "*/*", "application/json"]) {
      const text = await (await get("/files/mixed/", { ...carol, accept })).text();
      expect(text).toContain("m.txt");
      expect(text).not.toContain(CANARY);
    }
    const root = await (await get("/", { ...carol, accept: "text/html" })).text();
    expect(root).toContain("canary-bc.txt");
    expect(root).not.toContain("canary-b/");
  });

  test("of a hidden folder is like that of one that does not exist", async () => {
    for (const path of ["/api/entries?folder=canary-b", "/files/canary-b/", "/api/usage?folder=canary-b"]) {
      const hidden = await problemIn(await get(path), "not_found");
      const missing = await problemIn(await get(path.replace("canary-b", "canary-b/missing")), "not_found");
      expect(hidden.detail).toBe(missing.detail);
    }
  });
});

describe("links inside the root (CVE-2026-54094)", () => {
  test("are shown to those only who may list what they lead to", async () => {
    expect(await names("pub")).toEqual(["open.txt", "to-open"]);
    expect(await names("pub", owner)).toEqual(["open.txt", "to-file", "to-folder", "to-open", "up"]);
  });

  test("lead to nothing that may not be read", async () => {
    for (const path of [
      "/files/pub/to-file",
      "/files/pub/to-folder/",
      "/files/pub/to-folder/canary.txt",
      "/files/pub/to-folder/folder/canary.txt",
      "/files/pub/up/canary.txt",
      "/api/entries?folder=pub/to-folder",
      "/api/entries?folder=pub/up",
      "/api/search?folder=pub/to-folder&query=canary",
      "/api/usage?folder=pub/to-folder",
      "/api/archive?folder=pub/to-folder",
      "/api/archive?paths=pub/to-file",
      "/api/archive?paths=pub/up/canary.txt",
    ]) {
      const answer = await get(path);
      const text = await answer.text();
      expect([path, answer.status]).toEqual([path, 404]);
      expect(text).not.toContain("bytes of");
      expect((await server.fetch(path, { headers: carol, method: "HEAD" })).status).toBe(404);
      expect((await get(path, owner)).status).toBe(200);
    }
    expect(await (await get("/files/pub/to-open")).text()).toBe("bytes of pub/open.txt");
  });

  test("are told by the storage with the open file, so that none can be swapped in between", async () => {
    const { storage } = server.app.decorator.services;
    const file = await storage.open(checkFilePath("pub/up/canary.txt"));
    expect(file.entry.target).toBe<string | undefined>("canary-b/folder/canary.txt");
    await file.close();
    const plain = await storage.open(checkFilePath("pub/open.txt"));
    expect(plain.entry.target).toBeUndefined();
    await plain.close();
  });
});

test("a search finds nothing that may not be listed (CVE-2026-35606)", async () => {
  const found = async (query: string, headers = carol): Promise<string[]> => {
    const answer = await get(`/api/search?query=${query}`, headers);
    const { entries } = await bodyIn(SearchResult, answer);
    return entries.map(({ path }) => path);
  };
  expect(await found("txt")).toEqual([
    "a.txt",
    "canary-bc.txt",
    "canary-deep/a/shown/found.txt",
    "listed-only/name.txt",
    "mixed/m.txt",
    "mixed/z.txt",
    "pub/open.txt",
  ]);
  expect(await found("to")).toEqual(["pub/to-open"]);
  expect(await found("canary", owner)).toContain("canary-b/folder/canary.txt");
});

test("the size of a folder counts what may be listed", async () => {
  const size = async (headers: Record<string, string>): Promise<number> =>
    (await bodyIn(Usage, await get("/api/usage?folder=mixed", headers))).files;
  expect(await size(carol)).toBe(2);
  expect(await size(owner)).toBe(5);
});

describe("an archive", () => {
  test("has what may be read, and names what may only be listed (CVE-2026-35606)", async () => {
    const answer = await get("/api/archive?folder=&format=tar");
    expect(answer.status).toBe(200);
    const text = Buffer.from(await answer.bytes()).toString("latin1");
    for (const path of [
      "a.txt",
      "canary-bc.txt",
      "mixed/m.txt",
      "pub/open.txt",
      "canary-deep/a/shown/found.txt",
    ])
      expect(text).toContain(`bytes of ${path}`);
    expect(text).not.toContain("bytes of listed-only");
    expect(text).not.toContain("bytes of canary-b/");
    expect(text).not.toContain("canary.txt");
    expect(text).not.toContain("canary-x");
    expect(text).not.toContain("to-file");
    expect(text).toContain('"listed-only": you may not read it');
  });

  test("of a path that may not be read itself is refused", async () => {
    await problemIn(await get("/api/archive?folder=listed-only"), "not_allowed");
    await problemIn(await get("/api/archive?paths=a.txt&paths=canary-b"), "not_found");
  });
});
