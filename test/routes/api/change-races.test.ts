// Concurrent uploads, moves, copies and removals of the same names: no file is lost, duplicated or partial.

import { expect, setDefaultTimeout, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Dice } from "../../storage/dice.ts";
import { patient } from "../../support/patience.ts";
import { startServer, type TestServer } from "../../support/server.ts";
import { amount } from "../../support/switches.ts";

setDefaultTimeout(patient(120_000));

const FOLDERS = ["x/", "y/", "x/z/", "y/z/"];
const ROUNDS = amount("ROUNDS", 50, 240);
const AT_ONCE = 10;

/** The relevant effect of one request. */
interface Deed {
  what: string;
  status: number;
  /** The number of files added or removed. */
  files: number;
}

function post(server: TestServer, path: string, body: object): Promise<Response> {
  return server.fetch(path, { method: "POST", body: JSON.stringify(body) });
}

async function act(server: TestServer, dice: Dice, content: string, removesFolders: boolean): Promise<Deed> {
  const folder = () => dice.oneOf("w", "x", "y", "x/z", "y/z", "w/z");
  const file = () => dice.oneOf("", ...FOLDERS) + dice.oneOf("a", "b", "c");
  const conflict = dice.oneOf("rename", "fail");
  const what = dice.oneOf(
    "put",
    "put",
    "move",
    "move",
    "move folder",
    "copy",
    "delete",
    "make",
    "delete folder",
  );
  const of = (answer: Response, files: number): Deed => ({
    what,
    status: answer.status,
    files: answer.ok ? files : 0,
  });
  switch (what) {
    case "put":
      return of(
        await server.fetch(`/files/${file()}?conflict=${conflict}`, { method: "PUT", body: content }),
        1,
      );
    case "move":
      return of(await post(server, "/api/move", { from: file(), to: file(), conflict }), 0);
    case "move folder":
      return of(await post(server, "/api/move", { from: folder(), to: folder(), conflict: "fail" }), 0);
    case "copy":
      return of(await post(server, "/api/copy", { from: file(), to: file(), conflict }), 1);
    case "delete":
      return of(await server.fetch(`/files/${file()}`, { method: "DELETE" }), -1);
    case "make":
      return of(await post(server, "/api/folders", { path: folder() }), 0);
    default:
      if (!removesFolders) return { what, status: 204, files: 0 };
      return of(await server.fetch(`/files/${folder()}?recursive=true`, { method: "DELETE" }), 0);
  }
}

async function filesIn(server: TestServer): Promise<string[]> {
  const entries = await readdir(server.root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.parentPath.includes(".sluice"));
  return files.map(({ parentPath, name }) => join(parentPath, name));
}

test.each([1, 2, 3])("without removals of folders every file exists exactly once (seed %d)", async (seed) => {
  await using server = await startServer();
  const dice = new Dice(seed);
  const contents = new Set<string>();
  const seen = new Map<string, number>();
  let files = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const deeds = await Promise.all(
      Array.from({ length: AT_ONCE }, (_, index) => {
        const content = `${seed}:${round}:${index}:`.repeat(200);
        contents.add(content);
        return act(server, dice, content, false);
      }),
    );
    for (const { what, status } of deeds)
      seen.set(`${what} ${status}`, (seen.get(`${what} ${status}`) ?? 0) + 1);
    files += deeds.reduce((sum, deed) => sum + deed.files, 0);
    const there = await filesIn(server);
    expect({ round, files: there.length, deeds }).toEqual({ round, files, deeds });
    if (round % 20 !== 0) continue;
    for (const path of there) expect(contents).toContain(await Bun.file(path).text());
  }
  // Each operation succeeded at least once, and was refused at least once.
  for (const what of ["put 201", "move 201", "move folder 201", "copy 201", "delete 204", "make 201"])
    expect(seen.get(what) ?? 0).toBeGreaterThan(0);
  const known = new Set([200, 201, 202, 204, 404, 409]);
  expect([...seen.keys()].filter((deed) => !known.has(Number(deed.slice(-3))))).toEqual([]);
  expect(await readdir(join(server.root, ".sluice/uploads"))).toEqual([]);
});

test.each([4, 5])("with removals of folders no file is partial or unknown (seed %d)", async (seed) => {
  await using server = await startServer();
  const dice = new Dice(seed);
  const contents = new Set<string>();
  const statuses = new Set<number>();
  let files = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const deeds = await Promise.all(
      Array.from({ length: AT_ONCE }, (_, index) => {
        const content = `${seed}:${round}:${index}:`.repeat(200);
        contents.add(content);
        return act(server, dice, content, true);
      }),
    );
    for (const { status } of deeds) statuses.add(status);
    const there = await filesIn(server);
    expect(there.length).toBeLessThanOrEqual(
      files + deeds.reduce((sum, deed) => sum + Math.max(0, deed.files), 0),
    );
    files = there.length;
    for (const path of there) expect(contents).toContain(await Bun.file(path).text());
  }
  expect([...statuses].filter((status) => ![200, 201, 202, 204, 404, 409].includes(status))).toEqual([]);
  expect(await readdir(join(server.root, ".sluice/uploads"))).toEqual([]);
});
