// Small uploads during bulk work: a PUT does not wait until removals have ended.

import { expect, test } from "bun:test";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startServer, until } from "../../support/server.ts";

const TREES = 4;
const FILES = 1000;

test("a PUT is answered while several folders are removed", async () => {
  await using server = await startServer();
  for (let tree = 0; tree < TREES; tree++) {
    await mkdir(join(server.root, `tree-${tree}`));
    const files = Array.from({ length: FILES }, (_, file) => join(server.root, `tree-${tree}`, `${file}`));
    await Promise.all(files.map((file) => writeFile(file, "x")));
  }
  let removed = 0;
  const removals = Array.from({ length: TREES }, async (_, tree) => {
    const answer = await server.fetch(`/files/tree-${tree}?recursive=true`, { method: "DELETE" });
    removed += 1;
    return answer.status;
  });
  await until("the folders are out of sight", async () => (await readdir(server.root)).length === 1);
  const put = await server.fetch("/files/small", { method: "PUT", body: "x" });
  const removedBefore = removed;
  expect(await Promise.all(removals)).toEqual(Array(TREES).fill(204));
  expect({ put: put.status, removedBefore }).toEqual({ put: 201, removedBefore: 0 });
});
