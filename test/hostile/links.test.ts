// Links in the root: followed for reading if they stay inside the root, and never for writing.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { link, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { patient } from "../support/patience.ts";
import { problemIn } from "../support/problem.ts";
import { FOLDERS, LEAVES, planted } from "./planted.ts";
import { FORM, FORM_END, filePart } from "./requests.ts";
import { CANARY } from "./target.ts";

setDefaultTimeout(patient(20_000));

const site = planted();

describe("a link that leads out of the root, or is broken, does not exist", () => {
  test("for reading", async () => {
    const before = await site.kinds();
    const below = FOLDERS.flatMap((folder) =>
      ["canary", "folder/canary", "lock", "uploads", "self/cmdline", "environ"].map(
        (name) => `${folder}/${name}`,
      ),
    );
    for (const path of [...LEAVES, ...FOLDERS, ...below])
      for (const method of ["GET", "HEAD"]) {
        const answer = await site.ask(method, `/files/${path}`, "", "Accept: application/json");
        expect(answer.status).toBe(404);
      }
    for (const path of [...LEAVES, ...FOLDERS, ...FOLDERS.map((folder) => `${folder}/folder`)])
      await problemIn(await site.ask("GET", `/api/entries?folder=${path}`), "not_found");
    await site.expectSame(before);
  });

  test("for listings", async () => {
    const answer = await site.ask("GET", "/api/entries?hidden=true");
    const names = JSON.parse(answer.text).entries.map(({ name }: { name: string }) => name);
    expect(names.sort()).toEqual(["file", "folder", "over-outside", "to-file", "to-folder", "to-root"]);
    const inner = await site.ask("GET", "/api/entries?folder=folder&hidden=true");
    expect(
      JSON.parse(inner.text)
        .entries.map(({ name }: { name: string }) => name)
        .sort(),
    ).toEqual(["file", "inner"]);
  });
});

test("a link that stays inside is followed for reading", async () => {
  for (const path of ["to-file", "to-folder/file", "to-root/to-root/to-folder/file", "over-outside"]) {
    expect((await site.ask("GET", `/files/${path}`)).text).toBe("inside");
    expect((await site.ask("HEAD", `/files/${path}`)).headers.get("content-length")).toBe("6");
  }
  const listing = await site.ask("GET", "/api/entries?folder=to-folder");
  expect(JSON.parse(listing.text).entries).toMatchObject([
    { path: "to-folder/file" },
    { path: "to-folder/inner" },
  ]);
});

describe("nothing is written or removed through a link", () => {
  const all = ["to-file", "to-folder", "over-outside", ...LEAVES, ...FOLDERS];

  test("by PUT with any conflict policy", async () => {
    const before = await site.kinds();
    for (const path of [
      ...all,
      ...FOLDERS.map((folder) => `${folder}/new`),
      "to-folder/new",
      "to-folder/new/er",
    ])
      for (const conflict of ["replace", "fail", "rename"])
        await problemIn(await site.ask("PUT", `/files/${path}?conflict=${conflict}`, "evil"), "link_in_path");
    await site.expectSame(before);
  });

  test("by POST and by forms", async () => {
    const before = await site.kinds();
    for (const path of [...FOLDERS, "to-folder"]) {
      await problemIn(await site.ask("POST", `/files/${path}/?name=new`, "evil"), "link_in_path");
      const intoLink = filePart("new", "evil") + FORM_END;
      await problemIn(await site.ask("POST", `/files/${path}/`, intoLink, FORM), "link_in_path");
      const overLink = filePart(`${path}/new`, "evil") + FORM_END;
      await problemIn(await site.ask("POST", "/files/", overLink, FORM), "link_in_path");
    }
    for (const path of LEAVES) {
      const overLink = filePart(path, "evil") + FORM_END;
      await problemIn(await site.ask("POST", "/files/?conflict=replace", overLink, FORM), "link_in_path");
    }
    await site.expectSame(before);
  });

  test("by DELETE", async () => {
    const before = await site.kinds();
    for (const path of [...all, "to-folder/file", "to-root/file", "to-outside/canary", "to-own/lock"]) {
      const { status } = await site.ask("DELETE", `/files/${path}`);
      expect([404, 409]).toContain(status);
    }
    await site.expectSame(before);
  });
});

test("a hard link outside the root keeps its content when the file is replaced or removed", async () => {
  await rm(site.server.in("file"));
  const canary = join(site.server.outside, "linked");
  await writeFile(canary, CANARY);
  await link(canary, site.server.in("hard"));
  expect((await site.ask("PUT", "/files/hard", "new")).status).toBe(200);
  expect(await readFile(canary, "utf8")).toBe(CANARY);
  await link(canary, site.server.in("hard-2"));
  expect((await site.ask("DELETE", "/files/hard-2")).status).toBe(204);
  expect(await readFile(canary, "utf8")).toBe(CANARY);
  await rm(canary);
  await site.server.expectUnharmed();
});
