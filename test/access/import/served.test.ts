// People of filebrowser use Sluice: a server on an imported database accepts their passwords, and gives each their paths.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accessFile, openDatabase } from "../../../src/access/database/open.ts";
import { readFilebrowser } from "../../../src/access/import/filebrowser/filebrowser.ts";
import { rootEntries } from "../../../src/access/import/root-entries.ts";
import { saveImport } from "../../../src/access/import/save-import.ts";
import { basic } from "../../support/access.ts";
import { startServer, type TestServer } from "../../support/server.ts";
import { small } from "./filebrowser/fixtures.ts";

let root: string;
let server: TestServer;

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "sluice-imported-")));
  for (const file of [
    "team/ed/a.txt",
    "team/ed/private/b.txt",
    "team/ed/private/shown/c.txt",
    "team/eddy.txt",
    "inbox/d.txt",
  ]) {
    await mkdir(join(root, file, ".."), { recursive: true });
    await Bun.write(join(root, file), file);
  }
  using database = openDatabase(accessFile(root), { create: true });
  saveImport(database, readFilebrowser(small, Date.now()), rootEntries(root));
  server = await startServer({ root, allow: new Set() });
});
afterAll(async () => {
  await server.stop();
  await rm(root, { recursive: true });
});

/** The status of a request with a login. */
async function status(name: string, password: string, path: string, init: RequestInit = {}): Promise<number> {
  return (await fetch(`${server.url}/files/${path}`, { ...init, headers: basic(name, password) })).status;
}

test("a user logs in with the old password, and no other", async () => {
  expect(await status("ed", "hunter2hunter2", "team/ed/a.txt")).toBe(200);
  expect(await status("ed", "hunter2", "team/ed/a.txt")).toBe(401);
});

test("rules refuse and allow the paths that they did, and nothing outside of the scope", async () => {
  const ed = (path: string): Promise<number> => status("ed", "hunter2hunter2", path);
  expect(await ed("team/ed/private/b.txt")).toBe(404);
  expect(await ed("team/ed/private/shown/c.txt")).toBe(200);
  expect(await ed("team/eddy.txt")).toBe(404);
  expect(await ed("inbox/d.txt")).toBe(404);
});

test("a user who may only create uploads new files, and cannot read or replace", async () => {
  const uploader = (path: string, init?: RequestInit) => status("uploader", "only uploads", path, init);
  expect(await uploader("inbox/new.txt", { method: "PUT", body: "new" })).toBe(201);
  expect(await uploader("inbox/d.txt", { method: "PUT", body: "other" })).toBe(403);
  expect(await uploader("inbox/d.txt")).toBe(403);
  expect(await Bun.file(join(root, "inbox/d.txt")).text()).toBe("inbox/d.txt");
});

test("the administrator may do everything, and nobody else what a lost rule refused", async () => {
  expect(await status("admin", "correct horse", "team/ed/private/b.txt")).toBe(200);
  expect(await status("careful", "looks only", "inbox/d.txt")).toBe(404);
});
