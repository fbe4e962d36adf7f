// MOVE and COPY over a folder: what refers to the old folder, or is in it, when they succeed and when they fail.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { checkFilePath, type FilePath, type FolderPath, folderOf, nameOf, ROOT } from "../../../src/path.ts";
import { MemoryStorage } from "../../../src/storage/memory/memory.ts";
import { basic, bearer, startAccessServer } from "../../support/access.ts";
import { lockAt, propfind, proppatch, requestLock } from "../../support/dav.ts";
import { type LinkServer, startLinkServer } from "../../support/links.ts";
import { problemIn } from "../../support/problem.ts";
import { startServer } from "../../support/server.ts";

let server: LinkServer;
beforeAll(async () => {
  server = await startLinkServer();
});
afterAll(() => server.stop());

const write = (path: string, text: string) => Bun.write(join(server.root, "home", path), text);
const textOf = (path: string) => Bun.file(join(server.root, "home", path)).text();
const send = (method: string, path: string, headers: Record<string, string> = {}) =>
  server.fetch(`/dav/home/${path}`, { method, headers: { ...bearer(server.anna), ...headers } });
const over = (path: string) => ({ destination: `/dav/home/${path}` });
const opens = async (path: string) => (await server.fetch(path, { redirect: "manual" })).status;

test("links to a folder, its properties and locks stay when it is not replaced after all", async () => {
  await write("q/old/a.txt", "old");
  await write("big/b.txt", "x".repeat(100));
  await server.app.decorator.services.access.change("setQuota", { path: "home/q", bytes: 50 });
  await proppatch(
    server,
    "home/q/old",
    "<D:set><D:prop><x:p>kept</x:p></D:prop></D:set>",
    bearer(server.anna),
  );
  const { url } = await server.link("home/q/old");
  const inside = await server.link("home/q/old/a.txt");
  const token = await lockAt(server, "home/q/old/a.txt", { headers: bearer(server.anna) });
  for (const method of ["MOVE", "COPY"]) {
    const refused = await send(method, "big", { ...over("q/old"), if: `(<${token}>) (Not <DAV:no-lock>)` });
    await problemIn(refused, "quota_exceeded");
    expect(await textOf("q/old/a.txt")).toBe("old");
    for (const at of [url, inside.url]) expect(await opens(at)).toBe(200);
    expect(await propfind(server, "home/q/old", "<x:p/>", bearer(server.anna))).toContain("kept");
    expect((await send("DELETE", "q/old/a.txt")).status).toBe(423);
  }
});

test("links to a replaced folder are closed, and those to the one that replaces it follow", async () => {
  await write("old/a.txt", "old");
  await write("new/a.txt", "new");
  const [old, inOld] = [await server.link("home/old"), await server.link("home/old/a.txt")];
  const [moved, inMoved] = [await server.link("home/new"), await server.link("home/new/a.txt")];
  expect((await send("MOVE", "new", over("old"))).status).toBe(204);
  expect(await textOf("old/a.txt")).toBe("new");
  for (const { url } of [old, inOld]) expect(await opens(url)).toBe(410);
  for (const { url } of [moved, inMoved]) expect(await opens(url)).toBe(200);
});

test("a link that hides its target is as a name that does not exist, whatever is behind it", async () => {
  await using closed = await startAccessServer((database) => {
    database.account("bert", { mine: "list,read,write,replace,delete" });
    database.account("olga", {}, { owner: true });
  });
  const at = (path: string) => join(closed.root, path);
  await Bun.write(at("secret/there.txt"), "secret");
  await Bun.write(at("mine/own.txt"), "own");
  await mkdir(at("seen"));
  await symlink("../secret", at("mine/link"));
  await symlink("../mine", at("seen/link"));
  const update = "<D:set><D:prop><x:p>1</x:p></D:prop></D:set>";
  const to = (path: string) => ({ ...basic("bert"), destination: `/dav/${path}` });
  for (const name of ["there.txt", "not-there.txt"]) {
    const path = `mine/link/${name}`;
    const answers = [
      await proppatch(closed, path, update, basic("bert")),
      await requestLock(closed, path, { headers: basic("bert") }),
      await closed.fetch(`/dav/${path}`, { method: "PUT", body: "x", headers: basic("bert") }),
      await closed.fetch(`/dav/${path}`, { method: "MKCOL", headers: basic("bert") }),
      await closed.fetch(`/dav/${path}`, { method: "COPY", headers: to("mine/copy") }),
      await closed.fetch(`/dav/${path}`, { method: "MOVE", headers: to("mine/moved") }),
      await closed.fetch("/dav/mine/own.txt", { method: "COPY", headers: { ...to(path), overwrite: "F" } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 409, 409, 409, 404, 404, 409]);
  }
  // Nothing is changed through links that can be seen, either.
  await problemIn(await proppatch(closed, "seen/link/own.txt", update, basic("olga")), "link_in_path");
  const locked = await requestLock(closed, "seen/link/own.txt", { headers: basic("olga") });
  await problemIn(locked, "link_in_path");
});

/** As on a file system that ignores case. */
class CaselessStorage extends MemoryStorage {
  override async find(path: FilePath | FolderPath) {
    const found = await super.find(path);
    if (found || path === ROOT) return found;
    const name = nameOf(path).toLowerCase();
    const entries = (await Array.fromAsync(this.scan(folderOf(checkFilePath(path))))).flat();
    return entries.find((entry) => nameOf(entry.path).toLowerCase() === name) ?? null;
  }
}

test("a name gets another case where the file system ignores case, too, with and without Overwrite", async () => {
  for (const storage of [new MemoryStorage(), new CaselessStorage()]) {
    await using caseless = await startServer({ storage });
    const dav = (method: string, path: string, headers: Record<string, string> = {}) =>
      caseless.fetch(`/dav/${path}`, { method, headers, ...(method === "PUT" && { body: "text" }) });
    await dav("MKCOL", "Folder");
    await dav("PUT", "Folder/File.txt");
    const ways = [
      ["Folder", "folder", "F"],
      ["folder", "FOLDER", "T"],
      ["FOLDER/File.txt", "FOLDER/file.txt", "F"],
    ] as const;
    for (const [from, to, overwrite] of ways) {
      const moved = await dav("MOVE", from, { destination: `/dav/${to}`, overwrite });
      expect([to, moved.status]).toEqual([to, 201]);
    }
    expect(await (await dav("GET", "FOLDER/file.txt")).text()).toBe("text");
    expect(await storage.trash.ids()).toEqual([]);
  }
});

test("names that differ in case only are two where the file system tells them apart", async () => {
  await write("case/a/in-a", "a");
  await write("case/A/in-A", "A");
  expect((await send("MOVE", "case/a", { ...over("case/A"), overwrite: "F" })).status).toBe(412);
  expect((await send("MOVE", "case/a", over("case/A"))).status).toBe(204);
  expect(await textOf("case/A/in-a")).toBe("a");
  expect((await send("PROPFIND", "case/a")).status).toBe(404);
});
