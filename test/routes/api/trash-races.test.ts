// DELETE with --trash during uploads, moves and restores with the same name: no content is ever lost.

import { expect, setDefaultTimeout, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { patient } from "../../support/patience.ts";
import { startServer, type TestServer } from "../../support/server.ts";

setDefaultTimeout(patient(60_000));

const SAVED = 60;
const REMOVERS = 3;

/** The contents of all files in the root, including the trash. */
async function contentsIn(server: TestServer): Promise<string[]> {
  const entries = await readdir(server.root, { recursive: true, withFileTypes: true });
  const files = entries.filter(({ name }) => !name.endsWith(".note") && name !== "lock");
  const paths = files.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return await Promise.all(paths.map((path) => Bun.file(path).text()));
}

const post = (server: TestServer, path: string, body: object) =>
  server.fetch(path, { method: "POST", body: JSON.stringify(body) });

test.each([
  ["a file", "name", (server: TestServer) => server.fetch("/files/name", { method: "DELETE" })],
  [
    "its folder",
    "folder/name",
    (server: TestServer) => server.fetch("/files/folder?recursive=true", { method: "DELETE" }),
  ],
  [
    "both in a batch",
    "folder/name",
    (server: TestServer) =>
      post(server, "/api/batch", {
        operations: [
          { op: "delete", path: "folder/name" },
          { op: "delete", path: "folder", recursive: true },
        ],
      }),
  ],
] as const)("three clients remove %s while another saves it again and again", async (_, path, remove) => {
  await using server = await startServer({ trash: 86_400 });
  const saved: string[] = [];
  const statuses = new Set<number>();
  let saving = true;
  const removers = Array.from({ length: REMOVERS }, async () => {
    while (saving) {
      const answer = await remove(server);
      await answer.text();
      statuses.add(answer.status);
    }
  });
  for (let number = 0; saved.length < SAVED; number += 1) {
    const body = `content ${number}`;
    const answer = await server.fetch(`/files/${path}?conflict=fail`, { method: "PUT", body });
    await answer.text();
    if (answer.status === 201) saved.push(body);
    else expect(answer.status).toBe(409);
  }
  saving = false;
  await Promise.all(removers);
  const there = new Set(await contentsIn(server));
  expect(saved.filter((content) => !there.has(content))).toEqual([]);
  expect([...statuses].filter((status) => ![200, 204, 207, 404].includes(status))).toEqual([]);
});
