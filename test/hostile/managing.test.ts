// Links during changes of the tree: nothing is created, moved, copied or removed through one, not even if it is swapped in.

import { expect, setDefaultTimeout, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { patient } from "../support/patience.ts";
import { FOLDERS, LEAVES, planted } from "./planted.ts";

setDefaultTimeout(patient(30_000));

const site = planted();

async function post(path: string, body: object): Promise<number> {
  const { status } = await site.ask("POST", path, JSON.stringify(body), "Content-Type: application/json");
  return status;
}

test("no change follows a link, wherever it leads", async () => {
  const before = await site.kinds();
  const links = ["to-file", "to-folder", "to-root", "over-outside", ...LEAVES, ...FOLDERS];
  const below = [...FOLDERS, "to-folder", "to-root"].flatMap((folder) =>
    ["canary", "folder", "file", "lock", "new"].map((name) => `${folder}/${name}`),
  );
  for (const path of [...links, ...below]) {
    const refused = [
      await post("/api/move", { from: path, to: "moved" }),
      await post("/api/copy", { from: path, to: "copied" }),
      await post("/api/folders", { path: `${path}/made` }),
      await post("/api/move", { from: "file", to: `${path}/moved`, conflict: "replace" }),
      await post("/api/move", { from: "folder/inner", to: `${path}/moved` }),
      await post("/api/copy", { from: "file", to: `${path}/copied`, conflict: "replace" }),
      await post("/api/copy", { from: "folder/inner", to: `${path}/copied` }),
      (await site.ask("DELETE", `/files/${path}?recursive=true`)).status,
    ];
    expect([path, refused.filter((status) => status !== 404 && status !== 409)]).toEqual([path, []]);
  }
  for (const path of links)
    for (const conflict of ["replace", "fail"]) {
      expect([404, 409]).toContain(await post("/api/move", { from: "file", to: path, conflict }));
      expect([404, 409]).toContain(await post("/api/copy", { from: "file", to: path, conflict }));
    }
  await site.expectSame(before);
});

test("the server's own folder cannot be reached by any spelling of its path", async () => {
  const before = await site.kinds();
  for (const path of [
    ".sluice",
    ".SLUICE",
    ".sluice/lock",
    ".sluice/uploads/x",
    "folder/../.sluice",
    "/.sluice",
  ]) {
    expect(await post("/api/move", { from: path, to: "moved" })).toBe(400);
    expect(await post("/api/move", { from: "file", to: path })).toBe(400);
    expect(await post("/api/copy", { from: path, to: "copied" })).toBe(400);
    expect(await post("/api/folders", { path })).toBe(400);
  }
  await site.expectSame(before);
});

/** Repeatedly replaces a folder by a link to the outside and back, without a pause. */
const SWAPPING = `
  import { renameSync, symlinkSync, unlinkSync } from "node:fs";
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    try {
      renameSync("folder", "aside");
      symlinkSync("..", "folder");
      unlinkSync("folder");
      renameSync("aside", "folder");
    } catch {}
  }`;

test("a link that is swapped in and out at full speed leads no change outside", async () => {
  await using swapping = Bun.spawn([process.execPath, "-e", SWAPPING], {
    cwd: site.server.root,
    stderr: "ignore",
  });
  const end = performance.now() + 4000;
  const statuses = new Map<number, number>();
  const count = (status: number) => statuses.set(status, (statuses.get(status) ?? 0) + 1);
  const again = async (step: () => Promise<number>): Promise<void> => {
    while (performance.now() < end) count(await step());
  };
  await Promise.all(
    [
      () => post("/api/move", { from: "folder/canary", to: "stolen" }),
      () => post("/api/move", { from: "folder/folder", to: "stolen folder" }),
      () => post("/api/move", { from: "file", to: "folder/canary", conflict: "replace" }),
      () => post("/api/copy", { from: "folder/canary", to: "shown" }),
      () => post("/api/copy", { from: "folder/folder", to: "shown folder" }),
      () => post("/api/folders", { path: "folder/made" }),
      async () => (await site.ask("DELETE", "/files/folder/canary")).status,
      async () => (await site.ask("DELETE", "/files/folder/folder?recursive=true")).status,
      async () => (await site.ask("PUT", "/files/file", "inside")).status,
    ].map(again),
  );
  swapping.kill();
  await swapping.exited;
  const expected = [200, 201, 202, 204, 404, 409, 503];
  expect([...statuses.keys()].filter((status) => !expected.includes(status))).toEqual([]);
  for (const path of await site.server.files())
    if (path.startsWith("shown") || path.startsWith("stolen"))
      expect(await readFile(site.server.in(path), "utf8").catch(() => "")).not.toContain("canary");
  await site.server.expectUnharmed();
});
