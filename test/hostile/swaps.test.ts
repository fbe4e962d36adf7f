// Links that are swapped in during operations, and roots that vanish: nothing outside is written, read or shown.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ProblemCode } from "../../src/errors.ts";
import { patient } from "../support/patience.ts";
import { problemIn } from "../support/problem.ts";
import type { RawAnswer, RawConnection } from "../support/raw.ts";
import { until } from "../support/server.ts";
import { makePipe, planted } from "./planted.ts";
import { BOUNDARY, CHUNKED, chunk, FORM, filePart, head, LAST_CHUNK } from "./requests.ts";
import { CANARY } from "./target.ts";

setDefaultTimeout(patient(20_000));

const site = planted();

describe("during an upload", () => {
  /** Starts a PUT and waits until half of it has arrived. */
  async function half(path: string, query = ""): Promise<RawConnection> {
    const connection = await site.server.raw(head("PUT", `/files/${path}${query}`, CHUNKED) + chunk("half"));
    await until("it is arriving", async () => (await site.server.uploads()).length === 1);
    return connection;
  }

  async function rest(connection: RawConnection): Promise<RawAnswer> {
    await connection.send(chunk("half") + LAST_CHUNK);
    return await connection.answer();
  }

  const swaps: [what: string, swap: () => Promise<void>, code: ProblemCode][] = [
    [
      "its folder becomes a link to the outside",
      async () => {
        await rename(site.server.in("folder"), site.server.in("moved"));
        await symlink("..", site.server.in("folder"));
      },
      "link_in_path",
    ],
    [
      "its folder becomes a link to a folder of the root",
      async () => {
        await rename(site.server.in("folder"), site.server.in("moved"));
        await symlink("moved", site.server.in("folder"));
      },
      "link_in_path",
    ],
    [
      "its folder becomes a link to what the server keeps for itself",
      async () => {
        await rename(site.server.in("folder"), site.server.in("moved"));
        await symlink(".sluice/uploads", site.server.in("folder"));
      },
      "link_in_path",
    ],
    [
      "its folder becomes a file",
      async () => {
        await rename(site.server.in("folder"), site.server.in("moved"));
        await writeFile(site.server.in("folder"), "a file");
      },
      "not_a_folder",
    ],
    [
      "its name becomes a link to the outside",
      () => symlink("../../canary", site.server.in("folder/canary")),
      "link_in_path",
    ],
    [
      "its name becomes a link to a new file outside",
      () => symlink("../../new", site.server.in("folder/canary")),
      "link_in_path",
    ],
    ["its name becomes a folder", () => mkdir(site.server.in("folder/canary")), "is_folder"],
    ["its name becomes a pipe", () => makePipe(site.server.in("folder/canary")), "name_taken"],
  ];

  test.each(swaps)("%s: nothing is saved", async (_, swap, code) => {
    using connection = await half("folder/canary");
    await swap();
    const before = await site.kinds();
    await problemIn(await rest(connection), code);
    await site.expectSame(before);
  });

  test.each(swaps)("%s, in a form: only the files before are saved", async (_, swap, code) => {
    using connection = await site.server.raw(head("POST", "/files/?conflict=replace", FORM, CHUNKED));
    const first = filePart("folder/inner/saved", "whole");
    await connection.send(chunk(first + filePart("folder/canary", "half").slice(0, -2)));
    await until("the first is saved", () => Bun.file(site.server.in("folder/inner/saved")).exists());
    await swap();
    const before = await site.kinds();
    await connection.send(chunk(`half\r\n--${BOUNDARY}--\r\n`) + LAST_CHUNK);
    const answer = await connection.answer();
    expect(answer.status).toBe(207);
    expect(JSON.parse(answer.text)).toMatchObject({
      files: [{ path: "folder/inner/saved" }],
      errors: [{ code }],
    });
    await site.expectSame(before);
  });

  test("its name is taken: it gets the next number or fails, according to its conflict policy", async () => {
    for (const [conflict, status] of [
      ["rename", 201],
      ["fail", 409],
      ["replace", 200],
    ] as const) {
      using connection = await half(`new-${conflict}`, `?conflict=${conflict}`);
      await writeFile(site.server.in(`new-${conflict}`), "somebody else's");
      expect((await rest(connection)).status).toBe(status);
    }
    expect(await site.kinds()).toMatchObject({
      "new-rename": "somebody else's",
      "new-rename (1)": "halfhalf",
      "new-fail": "somebody else's",
      "new-replace": "halfhalf",
    });
    await site.server.expectUnharmed();
  });

  test("its folder is removed: it is created again", async () => {
    using connection = await half("folder/inner/new");
    await rm(site.server.in("folder"), { recursive: true });
    expect((await rest(connection)).status).toBe(201);
    expect(await readFile(site.server.in("folder/inner/new"), "utf8")).toBe("halfhalf");
    await site.server.expectUnharmed();
  });

  test("its folder is moved: it is saved under the requested path", async () => {
    using connection = await half("folder/inner/new");
    await rename(site.server.in("folder"), site.server.in("moved"));
    expect((await rest(connection)).status).toBe(201);
    expect(await readFile(site.server.in("folder/inner/new"), "utf8")).toBe("halfhalf");
    expect(await readdir(site.server.in("moved/inner"))).toEqual([]);
    await site.server.expectUnharmed();
  });

  test("the root is replaced by another folder: nothing is written there", async () => {
    using connection = await half("folder/new");
    site.spoil();
    await rename(site.server.root, join(site.server.outside, "moved-root"));
    await mkdir(site.server.root);
    const { status } = await rest(connection);
    // The root is still the same folder, whatever its name is.
    expect([201, 503]).toContain(status);
    expect(await readdir(site.server.root)).toEqual([]);
  });

  test("the root is removed: a problem reports it, and the server keeps answering", async () => {
    using connection = await half("folder/new");
    site.spoil();
    await rm(site.server.root, { recursive: true });
    await problemIn(await rest(connection), "storage_gone");
    for (const target of ["/files/file", "/api/entries", "/files/folder/"])
      await problemIn(await site.ask("GET", target, "", "Accept: application/json"), "storage_gone");
    await problemIn(await site.ask("PUT", "/files/a", "hello"), "storage_gone");
    await problemIn(await site.ask("DELETE", "/files/file"), "storage_gone");
    const answer = await site.ask("GET", "/health");
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.text)).toMatchObject({ status: "unwritable" });
    await until("no upload runs", async () => (await site.server.uploads()).length === 0, 1);
    expect(await readdir(site.server.outside)).not.toContain("root");
  });
});

test("a link that is repeatedly swapped in leads no upload outside", async () => {
  let swapping = true;
  const swaps = (async () => {
    const folder = site.server.in("folder");
    while (swapping) {
      await rm(folder, { recursive: true, force: true });
      await symlink("..", folder).catch(() => {
        // An upload created the folder first.
      });
      await Bun.sleep(1);
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true });
      await Bun.sleep(1);
    }
  })();
  const outcomes = new Map<number, number>();
  for (let round = 0; round < 300; round += 1) {
    for (const [method, target] of [
      ["PUT", "/files/folder/canary"],
      ["DELETE", "/files/folder/canary"],
      ["GET", "/files/folder/canary"],
    ] as const) {
      const { status } = await site.ask(method, target, method === "PUT" ? "evil" : "");
      outcomes.set(status, (outcomes.get(status) ?? 0) + 1);
    }
  }
  swapping = false;
  await swaps;
  expect([...outcomes.keys()].filter((status) => ![200, 201, 204, 404, 409, 503].includes(status))).toEqual(
    [],
  );
  expect(outcomes.get(201)).toBeGreaterThan(0);
  await site.server.expectUnharmed();
});

/** Repeatedly replaces a folder by a link to the outside and a file by a link to a canary, and back, without a pause. */
const SWAPPING = `
  import { renameSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
  for (const end = Date.now() + 10_000; Date.now() < end; ) {
    symlinkSync("../../canary", "folder/new");
    renameSync("folder/new", "folder/leaf");
    writeFileSync("folder/new", "inside");
    renameSync("folder/new", "folder/leaf");
    renameSync("folder", "moved");
    symlinkSync("..", "folder");
    unlinkSync("folder");
    renameSync("moved", "folder");
  }`;

test("links that are swapped in and out at full speed reveal nothing outside", async () => {
  await writeFile(site.server.in("folder/canary"), "inside");
  await using swapping = Bun.spawn([process.execPath, "-e", SWAPPING], {
    cwd: site.server.root,
    stderr: "ignore",
  });
  const end = performance.now() + 3000;
  const statuses = new Set<number>();
  const again = async (look: () => Promise<void>): Promise<void> => {
    while (performance.now() < end) await look();
  };
  const read = (path: string) => async (): Promise<void> => {
    const answer = await site.server.fetch(`/files/${path}`);
    const text = await answer.text();
    statuses.add(answer.status);
    if (answer.status === 200) expect(text).toBe("inside");
  };
  const list = async (): Promise<void> => {
    const answer = await site.server.fetch("/api/entries?folder=folder");
    const text = await answer.text();
    statuses.add(answer.status);
    expect(text).not.toContain("root-canary");
    expect(text).not.toContain(`"size":${CANARY.length}`);
  };
  await Promise.all([read("folder/leaf"), read("folder/canary"), list, list].map(again));
  swapping.kill();
  await swapping.exited;
  expect([...statuses].filter((status) => ![200, 404, 409].includes(status))).toEqual([]);
  expect(statuses).toContain(200);
  await rm(site.server.in("moved"), { recursive: true, force: true });
  await site.server.expectUnharmed();
});
