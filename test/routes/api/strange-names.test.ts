// Names on the disk that no client path can contain: no entry is lost, and incomplete results are reported.

import { expect, test } from "bun:test";
import { mkdir, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { Job, Trash } from "../../../src/routes/openapi/change-shapes.ts";
import { Listing, SearchResult, Usage } from "../../../src/routes/openapi/shapes.ts";
import { Mount, whyNoMounts } from "../../storage/disk/faults.ts";
import { ADDRESSABLE, plantStrange, strangeIn, UNLISTED } from "../../storage/disk/strange-names.ts";
import { bodyIn } from "../../support/answer.ts";
import { startServer, type TestServer, until } from "../../support/server.ts";
import { skipped } from "../../support/switches.ts";
import { namesInTar } from "../../support/tar-names.ts";

const noMounts = await whyNoMounts("/var/tmp");
if (noMounts) skipped("strange names between file systems", noMounts, "run it as root on Linux");

const send = (server: TestServer, path: string, body: object): Promise<Response> =>
  server.fetch(path, { method: "POST", body: JSON.stringify(body) });

/** The state of the job of a response, after it has ended. */
async function ended(server: TestServer, answer: Response) {
  const location = answer.headers.get("location") ?? "";
  const job = async () => (await bodyIn(Job, await server.fetch(location))).job;
  await until("the job has ended", async () => !["waiting", "running"].includes((await job()).state));
  return await job();
}

test("a folder that is copied and then deleted loses no entry", async () => {
  await using server = await startServer();
  await plantStrange(join(server.root, "old"));
  const before = await strangeIn(join(server.root, "old"));
  expect(before.filter((line) => !line.endsWith("true"))).toEqual([]);
  const job = await ended(server, await send(server, "/api/copy", { from: "old", to: "new" }));
  expect(job).toMatchObject({ state: "done" });
  expect(job).not.toHaveProperty("skipped");
  expect((await server.fetch("/files/old?recursive=true", { method: "DELETE" })).status).toBe(204);
  expect(await strangeIn(join(server.root, "new"))).toEqual(before);
  expect((await readdir(server.root)).sort()).toEqual([".sluice", "new"]);
});

test("a folder that is removed and restored loses no entry", async () => {
  await using server = await startServer({ trash: 3600 });
  await plantStrange(join(server.root, "old"));
  const before = await strangeIn(join(server.root, "old"));
  expect((await server.fetch("/files/old?recursive=true", { method: "DELETE" })).status).toBe(204);
  const { entries } = await bodyIn(Trash, await server.fetch("/api/trash"));
  expect((await send(server, "/api/trash/restore", { id: entries[0]?.id })).status).toBe(201);
  expect(await strangeIn(join(server.root, "old"))).toEqual(before);
});

test.skipIf(noMounts !== null)("a folder that is moved to another file system loses no entry", async () => {
  await using server = await startServer();
  await mkdir(join(server.root, "mount"));
  await using _ = await Mount.tmpfs(join(server.root, "mount"), "size=4m");
  await plantStrange(join(server.root, "mount", "old"));
  const before = await strangeIn(join(server.root, "mount", "old"));
  const moved = await send(server, "/api/move", { from: "mount/old", to: "new" });
  expect(moved.status).toBe(201);
  expect(await strangeIn(join(server.root, "new"))).toEqual(before);
  expect(await readdir(join(server.root, "mount"))).toEqual([]);
});

test("answers about a folder say how many of its entries they lack", async () => {
  await using server = await startServer();
  await plantStrange(join(server.root, "old"));
  const page = await bodyIn(Listing, await server.fetch("/api/entries?folder=old&limit=1"));
  expect(page).toMatchObject({ skipped: UNLISTED, entries: [{ name: "\u00e9t\u00e9" }] });
  const byte = ADDRESSABLE.reduce((sum, name) => sum + name.length, 0);
  expect(await bodyIn(Usage, await server.fetch("/api/usage"))).toMatchObject({
    bytes: byte,
    files: ADDRESSABLE.length,
    folders: 1,
    skipped: UNLISTED,
  });
  expect(await bodyIn(SearchResult, await server.fetch("/api/search?query=plain"))).toMatchObject({
    entries: [{ path: "old/plain" }],
    complete: false,
    reason: "skipped",
    skipped: UNLISTED,
  });
  await rename(join(server.root, "old", "plain"), join(server.root, "plain"));
  const above = await bodyIn(Listing, await server.fetch("/api/entries"));
  expect(above.entries.map(({ name }) => name)).toEqual(["old", "plain"]);
  expect(above).not.toHaveProperty("skipped");
  expect(await bodyIn(SearchResult, await server.fetch("/api/search?query=plain&folder=old"))).toMatchObject({
    entries: [],
    complete: false,
  });
});

test("an archive names the entries that it lacks in a file at its end, and the log does", async () => {
  await using server = await startServer();
  await plantStrange(join(server.root, "old"));
  await rename(join(server.root, "old", "\u00e9t\u00e9"), join(server.root, "old", "ete"));
  const answer = await server.fetch("/api/archive?folder=old&format=tar");
  const tar = Buffer.from(await answer.arrayBuffer());
  expect(answer.headers.get("x-archive-bytes")).toBe(String(tar.length));
  // Without its NFC twin, the NFD name is shown under the NFC form.
  expect(namesInTar(tar)).toEqual([
    "old/",
    "old/ete",
    Buffer.from("old/\u00e9t\u00e9").toString("latin1"),
    "old/plain",
    "not-in-this-archive.txt",
  ]);
  const text = tar.toString();
  expect(text).toContain(
    `${UNLISTED - 1} entries are not in this archive; of a folder, also everything below it.\n`,
  );
  for (const name of [
    "trail ",
    "dot.",
    "CON.txt",
    "back\\x5cslash",
    "new\\x0aline",
    "caf\\xe9",
    "\\xff\\xfe",
    "d\\xe9p\\xf4t",
  ])
    expect(text).toContain(`\n"old/${name}": no URL can contain this name: rename it on the server\n`);
  await until("the log says it", () =>
    server.log.some((line) => /sent old\.tar .* without "old\/.* and 5 more/.test(line)),
  );
});
