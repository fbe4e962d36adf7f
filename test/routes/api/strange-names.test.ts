// Names on the disk that no path can contain: nothing is lost of them, and no answer is short without a word.

import { expect, test } from "bun:test";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { Job, Trash } from "../../../src/routes/openapi/change-shapes.ts";
import { Mount, whyNoMounts } from "../../storage/disk/faults.ts";
import { plantStrange, strangeIn } from "../../storage/disk/strange-names.ts";
import { bodyIn } from "../../support/answer.ts";
import { startServer, type TestServer, until } from "../../support/server.ts";
import { skipped } from "../../support/switches.ts";

const noMounts = await whyNoMounts("/var/tmp");
if (noMounts) skipped("strange names between file systems", noMounts, "run it as root on Linux");

const send = (server: TestServer, path: string, body: object): Promise<Response> =>
  server.fetch(path, { method: "POST", body: JSON.stringify(body) });

/** The state of the job of an answer, when it has ended. */
async function ended(server: TestServer, answer: Response) {
  const location = answer.headers.get("location") ?? "";
  const job = async () => (await bodyIn(Job, await server.fetch(location))).job;
  await until("the job has ended", async () => !["waiting", "running"].includes((await job()).state));
  return await job();
}

test("a folder that was copied and then deleted has lost nothing", async () => {
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

test("a folder that went through the trash has lost nothing", async () => {
  await using server = await startServer({ trash: 3600 });
  await plantStrange(join(server.root, "old"));
  const before = await strangeIn(join(server.root, "old"));
  expect((await server.fetch("/files/old?recursive=true", { method: "DELETE" })).status).toBe(204);
  const { entries } = await bodyIn(Trash, await server.fetch("/api/trash"));
  expect((await send(server, "/api/trash/restore", { id: entries[0]?.id })).status).toBe(201);
  expect(await strangeIn(join(server.root, "old"))).toEqual(before);
});

test.skipIf(noMounts !== null)(
  "a folder that was moved to another file system has lost nothing",
  async () => {
    await using server = await startServer();
    await mkdir(join(server.root, "mount"));
    await using _ = await Mount.tmpfs(join(server.root, "mount"), "size=4m");
    await plantStrange(join(server.root, "mount", "old"));
    const before = await strangeIn(join(server.root, "mount", "old"));
    const moved = await send(server, "/api/move", { from: "mount/old", to: "new" });
    expect(moved.status).toBe(201);
    expect(await strangeIn(join(server.root, "new"))).toEqual(before);
    expect(await readdir(join(server.root, "mount"))).toEqual([]);
  },
);
