// DELETE with --trash, and /api/trash: removed entries can be restored until they expire.

import { afterAll, beforeAll, beforeEach, expect, setSystemTime, test } from "bun:test";
import { mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Grant } from "../../../src/config/config.ts";
import { Trash } from "../../../src/routes/openapi/change-shapes.ts";
import { Entry } from "../../../src/routes/openapi/shapes.ts";
import { MemoryStorage } from "../../../src/storage/memory/memory.ts";
import { makeOlder } from "../../support/age.ts";
import { bodyIn } from "../../support/answer.ts";
import { problemIn } from "../../support/problem.ts";
import { startServer, type TestServer, until } from "../../support/server.ts";

const MONTH = 30 * 86_400;
let server: TestServer;
beforeAll(async () => {
  server = await startServer({ trash: MONTH });
});
afterAll(() => server.stop());
beforeEach(async () => {
  for (const { id } of (await list()).entries) await server.fetch(`/api/trash/${id}`, { method: "DELETE" });
});

const put = (path: string, text = path) => Bun.write(join(server.root, path), text);
const textOf = (path: string) => Bun.file(join(server.root, path)).text();
const remove = (path: string, at = server) => at.fetch(`/files/${path}?recursive=true`, { method: "DELETE" });
const list = async (query = "", at = server) => bodyIn(Trash, await at.fetch(`/api/trash${query}`));
const restore = (id: string, conflict?: string, at = server) =>
  at.fetch("/api/trash/restore", { method: "POST", body: JSON.stringify({ id, conflict }) });
const idOf = async (path: string, at = server): Promise<string> =>
  (await list("", at)).entries.find((entry) => entry.path === path)?.id ?? "";

test("a removed file and folder are listed and restored unchanged", async () => {
  await put("a/b.txt", "bytes");
  await put("f/g/h");
  const { mtimeMs } = await import("node:fs/promises").then(({ stat }) => stat(join(server.root, "a/b.txt")));
  expect((await remove("a/b.txt")).status).toBe(204);
  expect((await remove("f")).status).toBe(204);
  await problemIn(await server.fetch("/files/a/b.txt"), "not_found");
  const { entries, next } = await list();
  expect(next).toBeNull();
  expect(entries.map(({ path, kind, size }) => [path, kind, size])).toEqual([
    ["f", "folder", undefined],
    ["a/b.txt", "file", 5],
  ]);
  for (const { deleted, expires } of entries)
    expect(Date.parse(expires) - Date.parse(deleted)).toBe(MONTH * 1000);
  await rm(join(server.root, "a"), { recursive: true });
  const answer = await restore(await idOf("a/b.txt"));
  expect(answer.status).toBe(201);
  expect(await bodyIn(Entry, answer)).toMatchObject({ path: "a/b.txt", size: 5 });
  expect(await textOf("a/b.txt")).toBe("bytes");
  expect(Bun.file(join(server.root, "a/b.txt")).lastModified).toBe(Math.floor(mtimeMs));
  expect((await restore(await idOf("f"))).status).toBe(201);
  expect(await textOf("f/g/h")).toBe("f/g/h");
  expect((await list()).entries).toEqual([]);
  expect(await readdir(join(server.root, ".sluice/trash"))).toEqual([]);
  for (const line of ["put into the trash f · by", "restored a/b.txt · by"])
    expect(server.log.filter((logged) => logged.includes(line))).toHaveLength(1);
});

test("a restore does not replace an entry that has taken the name, unless requested", async () => {
  for (const text of ["1", "2", "3"]) {
    await put("taken.txt", text);
    await remove("taken.txt");
  }
  await put("taken.txt", "now");
  const [first, second, third] = (await list()).entries.map(({ id }) => id);
  await problemIn(await restore(first ?? "", "fail"), "name_taken");
  expect(await bodyIn(Entry, await restore(first ?? ""))).toMatchObject({
    path: "taken (1).txt",
    renamedFrom: "taken.txt",
  });
  expect((await restore(second ?? "", "replace")).status).toBe(200);
  expect([await textOf("taken (1).txt"), await textOf("taken.txt")]).toEqual(["3", "2"]);
  await problemIn(await restore(second ?? ""), "not_found");
  expect((await server.fetch(`/api/trash/${third}`, { method: "DELETE" })).status).toBe(204);
  await problemIn(await restore(third ?? ""), "not_found");
  expect(await readdir(join(server.root, ".sluice/uploads"))).toEqual([]);
});

test("the list is paged", async () => {
  for (let index = 0; index < 7; index += 1) {
    await put(`p${index}`);
    await remove(`p${index}`);
  }
  const paths: string[] = [];
  let next: string | null = "";
  while (next !== null) {
    const page: Awaited<ReturnType<typeof list>> = await list(`?limit=3${next && `&cursor=${next}`}`);
    paths.push(...page.entries.map(({ path }) => path));
    next = page.next;
  }
  expect(paths.toSorted()).toEqual(Array.from({ length: 7 }, (_, index) => `p${index}`));
});

test("nothing is removed or restored through a link", async () => {
  await using outside = await startServer();
  await Bun.write(join(outside.root, "canary"), "canary");
  await symlink(outside.root, join(server.root, "way"));
  await problemIn(await remove("way/canary"), "link_in_path");
  await problemIn(await remove("way"), "link_in_path");
  await put("real/file");
  await remove("real/file");
  await rm(join(server.root, "real"), { recursive: true });
  await symlink(outside.root, join(server.root, "real"));
  await problemIn(await restore(await idOf("real/file")), "link_in_path");
  expect((await readdir(outside.root)).sort()).toEqual([".sluice", "canary"]);
  expect(await Bun.file(join(outside.root, "canary")).text()).toBe("canary");
  for (const id of ["../lock", "..%2flock", "x".repeat(46), "000000000-../../../../../../../../../../../..."])
    await problemIn(await restore(id), "not_found");
});

test("a folder needs ?recursive, and a link remains a link, as without a trash", async () => {
  await put("d/e");
  await problemIn(await server.fetch("/files/d", { method: "DELETE" }), "is_folder");
  await problemIn(await remove("none"), "not_found");
  const stale = { method: "DELETE", headers: { "if-match": '"x"' } };
  await problemIn(await server.fetch("/files/d/e", stale), "precondition_failed");
  expect(await textOf("d/e")).toBe("d/e");
});

test("expired entries are deleted, also after a restart, and no others", async () => {
  const root = await mkdtemp(join(tmpdir(), "sluice-trash-"));
  try {
    await using before = await startServer({ root, trash: MONTH });
    await mkdir(join(root, "old/inner"), { recursive: true });
    await Bun.write(join(root, "young"), "x");
    await remove("old", before);
    await remove("young", before);
    const id = await idOf("old", before);
    await before.stop();
    await makeOlder(root, (MONTH + 3600) * 1000);
    // Removed 31 days ago.
    const aged = (Date.now() - (MONTH + 86_400) * 1000).toString(36).padStart(9, "0") + id.slice(9);
    for (const kind of ["entry", "note"])
      await Bun.$`mv ${join(root, ".sluice/trash", `${id}.${kind}`)} ${join(root, ".sluice/trash", `${aged}.${kind}`)}`.quiet();
    await using after = await startServer({ root, trash: MONTH });
    await until("the old one is gone", async () => (await list("", after)).entries.length === 1);
    expect((await list("", after)).entries).toMatchObject([{ path: "young" }]);
    expect(await readdir(join(root, ".sluice/trash"))).toHaveLength(2);
    await after.stop();
  } finally {
    await rm(root, { recursive: true });
  }
});

test("a clock that is set forward does not empty the trash, also over a restart", async () => {
  const root = await mkdtemp(join(tmpdir(), "sluice-trash-"));
  try {
    const left = async (at: TestServer): Promise<number> => {
      await at.app.decorator.services.trash?.expire();
      return (await list("", at)).entries.length;
    };
    {
      await using before = await startServer({ root, trash: MONTH });
      await Bun.write(join(root, "a"), "x");
      await remove("a", before);
      setSystemTime(Date.now() + 2 * MONTH * 1000);
      expect(await left(before)).toBe(1);
    }
    {
      await using after = await startServer({ root, trash: MONTH });
      expect(await left(after)).toBe(1);
    }
    // The time has passed, but the clock was set back.
    await makeOlder(root, 2 * MONTH * 1000);
    setSystemTime();
    {
      await using back = await startServer({ root, trash: MONTH });
      expect(await left(back)).toBe(1);
      setSystemTime(Date.now() + 2 * MONTH * 1000);
      expect(await left(back)).toBe(0);
    }
  } finally {
    setSystemTime();
    await rm(root, { recursive: true });
  }
});

test("each request needs its grant, and fails without --trash", async () => {
  const allow = new Set<Grant>(["read", "write"]);
  await using careful = await startServer({ allow, trash: MONTH });
  await problemIn(await careful.fetch("/api/trash"), "not_allowed");
  await using plain = await startServer();
  const { detail } = await problemIn(await plain.fetch("/api/trash"), "not_found");
  expect(detail).toContain("--trash");
});

test("an in-memory storage has a trash, too", async () => {
  await using memory = await startServer({ trash: MONTH, storage: new MemoryStorage() });
  await memory.fetch("/files/a/b", { method: "PUT", body: "x" });
  expect((await remove("a", memory)).status).toBe(204);
  await problemIn(await memory.fetch("/files/a/b"), "not_found");
  expect((await restore(await idOf("a", memory), undefined, memory)).status).toBe(201);
  expect(await (await memory.fetch("/files/a/b")).text()).toBe("x");
});
