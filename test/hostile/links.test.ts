// Links, and what is not a file: followed for reading inside the root, never out of it, never for writing, whenever they appear.

import { afterAll, afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { link, lstat, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import type { ProblemCode } from "../../src/errors.ts";
import { problemIn } from "../support/problem.ts";
import type { RawAnswer, RawConnection } from "../support/raw.ts";
import { until } from "../support/server.ts";
import { BOUNDARY, CHUNKED, chunk, FORM, FORM_END, filePart, head, LAST_CHUNK } from "./requests.ts";
import { CANARY, startTarget, type Target } from "./target.ts";

setDefaultTimeout(20_000);

/** A root with every kind of link, in a folder of canaries. */
async function plantLinks(root: string): Promise<void> {
  await mkdir(join(root, "folder/inner"), { recursive: true });
  await writeFile(join(root, "file"), "inside");
  await writeFile(join(root, "folder/file"), "inside");
  const links: Record<string, string> = {
    "to-file": "file",
    "to-folder": "folder",
    "to-root": ".",
    "to-itself": "to-itself",
    "to-nothing": "nothing",
    "to-canary": "../canary",
    "to-outside": "..",
    "to-outside-folder": "../folder",
    "to-sibling": "../root-canary",
    "to-outside-by-name": join(root, "../canary"),
    "to-nothing-outside": "../nothing",
    "to-own": ".sluice",
    "to-own-lock": ".sluice/lock",
    "to-process": "/proc/self",
    "over-outside": "../root/file",
    "twice-outside": "to-outside/canary",
    "folder/up": "../..",
  };
  for (const [name, to] of Object.entries(links)) await symlink(to, join(root, name));
}

const LEAVES = [
  "to-canary",
  "to-sibling",
  "to-outside-by-name",
  "twice-outside",
  "to-own-lock",
  "to-nothing",
  "to-nothing-outside",
  "to-itself",
];
const FOLDERS = ["to-outside", "to-outside-folder", "to-own", "to-process", "folder/up"];

let server: Target;
/** True when the server's root is of no use for another test. */
let spoilt = true;
beforeEach(async () => {
  if (spoilt) server = await startTarget();
  spoilt = false;
  for (const name of await readdir(server.root))
    if (name !== ".sluice") await rm(server.in(name), { recursive: true });
  await plantLinks(server.root);
});
afterEach(async () => {
  if (spoilt) await server[Symbol.asyncDispose]();
});
afterAll(async () => {
  if (!spoilt) await server[Symbol.asyncDispose]();
});

async function ask(method: string, target: string, body = "", ...headers: string[]): Promise<RawAnswer> {
  using connection = await server.raw(
    head(method, target, ...headers, `Content-Length: ${body.length}`) + body,
  );
  const answer = await connection.answer({ head: method === "HEAD" });
  expect(answer.text).not.toContain(CANARY);
  return answer;
}

/** Every link is still the link it was, and everything is whole. */
async function expectSame(names: Record<string, string>): Promise<void> {
  expect(await kinds()).toEqual(names);
  await server.expectUnharmed();
}

/** What is in the root, by its name: what files hold, and what else the others are. */
async function kinds(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of await server.files()) {
    const stat = await lstat(server.in(name));
    found[name] = stat.isFile()
      ? await readFile(server.in(name), "utf8")
      : stat.isSymbolicLink()
        ? "link"
        : "other";
  }
  return found;
}

describe("a link that leads out of the root, or nowhere, does not exist", () => {
  test("for reading", async () => {
    const before = await kinds();
    const below = FOLDERS.flatMap((folder) =>
      ["canary", "folder/canary", "lock", "uploads", "self/cmdline", "environ"].map(
        (name) => `${folder}/${name}`,
      ),
    );
    for (const path of [...LEAVES, ...FOLDERS, ...below])
      for (const method of ["GET", "HEAD"]) {
        const answer = await ask(method, `/files/${path}`, "", "Accept: application/json");
        expect(answer.status).toBe(404);
      }
    for (const path of [...LEAVES, ...FOLDERS, ...FOLDERS.map((folder) => `${folder}/folder`)])
      await problemIn(await ask("GET", `/api/entries?folder=${path}`), "not_found");
    await expectSame(before);
  });

  test("for listings", async () => {
    const answer = await ask("GET", "/api/entries?hidden=true");
    const names = JSON.parse(answer.text).entries.map(({ name }: { name: string }) => name);
    expect(names.sort()).toEqual(["file", "folder", "over-outside", "to-file", "to-folder", "to-root"]);
    const inner = await ask("GET", "/api/entries?folder=folder&hidden=true");
    expect(
      JSON.parse(inner.text)
        .entries.map(({ name }: { name: string }) => name)
        .sort(),
    ).toEqual(["file", "inner"]);
  });
});

test("a link that stays inside is followed for reading", async () => {
  for (const path of ["to-file", "to-folder/file", "to-root/to-root/to-folder/file", "over-outside"]) {
    expect((await ask("GET", `/files/${path}`)).text).toBe("inside");
    expect((await ask("HEAD", `/files/${path}`)).headers.get("content-length")).toBe("6");
  }
  const listing = await ask("GET", "/api/entries?folder=to-folder");
  expect(JSON.parse(listing.text).entries).toMatchObject([
    { path: "to-folder/file" },
    { path: "to-folder/inner" },
  ]);
});

describe("nothing is written or removed through a link", () => {
  const all = ["to-file", "to-folder", "over-outside", ...LEAVES, ...FOLDERS];

  test("by PUT, whatever is to happen with the name", async () => {
    const before = await kinds();
    for (const path of [
      ...all,
      ...FOLDERS.map((folder) => `${folder}/new`),
      "to-folder/new",
      "to-folder/new/er",
    ])
      for (const conflict of ["replace", "fail", "rename"])
        await problemIn(await ask("PUT", `/files/${path}?conflict=${conflict}`, "evil"), "link_in_path");
    await expectSame(before);
  });

  test("by POST and by forms", async () => {
    const before = await kinds();
    for (const path of [...FOLDERS, "to-folder"]) {
      await problemIn(await ask("POST", `/files/${path}/?name=new`, "evil"), "link_in_path");
      const intoLink = filePart("new", "evil") + FORM_END;
      await problemIn(await ask("POST", `/files/${path}/`, intoLink, FORM), "link_in_path");
      const overLink = filePart(`${path}/new`, "evil") + FORM_END;
      await problemIn(await ask("POST", "/files/", overLink, FORM), "link_in_path");
    }
    for (const path of LEAVES) {
      const overLink = filePart(path, "evil") + FORM_END;
      await problemIn(await ask("POST", "/files/?conflict=replace", overLink, FORM), "link_in_path");
    }
    await expectSame(before);
  });

  test("by DELETE", async () => {
    const before = await kinds();
    for (const path of [...all, "to-folder/file", "to-root/file", "to-outside/canary", "to-own/lock"]) {
      const { status } = await ask("DELETE", `/files/${path}`);
      expect([404, 409]).toContain(status);
    }
    await expectSame(before);
  });
});

describe("while an upload runs", () => {
  /** Begins a PUT and waits until half of it is there. */
  async function half(path: string, query = ""): Promise<RawConnection> {
    const connection = await server.raw(head("PUT", `/files/${path}${query}`, CHUNKED) + chunk("half"));
    await until("it is arriving", async () => (await server.uploads()).length === 1);
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
        await rename(server.in("folder"), server.in("moved"));
        await symlink("..", server.in("folder"));
      },
      "link_in_path",
    ],
    [
      "its folder becomes a link to a folder of the root",
      async () => {
        await rename(server.in("folder"), server.in("moved"));
        await symlink("moved", server.in("folder"));
      },
      "link_in_path",
    ],
    [
      "its folder becomes a link to what the server keeps for itself",
      async () => {
        await rename(server.in("folder"), server.in("moved"));
        await symlink(".sluice/uploads", server.in("folder"));
      },
      "link_in_path",
    ],
    [
      "its folder becomes a file",
      async () => {
        await rename(server.in("folder"), server.in("moved"));
        await writeFile(server.in("folder"), "a file");
      },
      "not_a_folder",
    ],
    [
      "its name becomes a link to the outside",
      () => symlink("../../canary", server.in("folder/canary")),
      "link_in_path",
    ],
    [
      "its name becomes a link to a new file outside",
      () => symlink("../../new", server.in("folder/canary")),
      "link_in_path",
    ],
    ["its name becomes a folder", () => mkdir(server.in("folder/canary")), "is_folder"],
    ["its name becomes a pipe", () => makePipe(server.in("folder/canary")), "name_taken"],
  ];

  test.each(swaps)("%s: nothing is saved", async (_, swap, code) => {
    using connection = await half("folder/canary");
    await swap();
    const before = await kinds();
    await problemIn(await rest(connection), code);
    await expectSame(before);
  });

  test.each(swaps)("%s, in a form: nothing is saved but what was before", async (_, swap, code) => {
    using connection = await server.raw(head("POST", "/files/?conflict=replace", FORM, CHUNKED));
    const first = filePart("folder/inner/saved", "whole");
    await connection.send(chunk(first + filePart("folder/canary", "half").slice(0, -2)));
    await until("the first is saved", () => Bun.file(server.in("folder/inner/saved")).exists());
    await swap();
    const before = await kinds();
    await connection.send(chunk(`half\r\n--${BOUNDARY}--\r\n`) + LAST_CHUNK);
    const answer = await connection.answer();
    expect(answer.status).toBe(207);
    expect(JSON.parse(answer.text)).toMatchObject({
      files: [{ path: "folder/inner/saved" }],
      errors: [{ code }],
    });
    await expectSame(before);
  });

  test("its name is taken: it gets the next, or none, as was asked for", async () => {
    for (const [conflict, status] of [
      ["rename", 201],
      ["fail", 409],
      ["replace", 200],
    ] as const) {
      using connection = await half(`new-${conflict}`, `?conflict=${conflict}`);
      await writeFile(server.in(`new-${conflict}`), "somebody else's");
      expect((await rest(connection)).status).toBe(status);
    }
    expect(await kinds()).toMatchObject({
      "new-rename": "somebody else's",
      "new-rename (1)": "halfhalf",
      "new-fail": "somebody else's",
      "new-replace": "halfhalf",
    });
    await server.expectUnharmed();
  });

  test("its folder vanishes: it is made again", async () => {
    using connection = await half("folder/inner/new");
    await rm(server.in("folder"), { recursive: true });
    expect((await rest(connection)).status).toBe(201);
    expect(await readFile(server.in("folder/inner/new"), "utf8")).toBe("halfhalf");
    await server.expectUnharmed();
  });

  test("its folder is moved: it is saved under the name that was asked for", async () => {
    using connection = await half("folder/inner/new");
    await rename(server.in("folder"), server.in("moved"));
    expect((await rest(connection)).status).toBe(201);
    expect(await readFile(server.in("folder/inner/new"), "utf8")).toBe("halfhalf");
    expect(await readdir(server.in("moved/inner"))).toEqual([]);
    await server.expectUnharmed();
  });

  test("the root is swapped for another folder: nothing is written into that", async () => {
    using connection = await half("folder/new");
    spoilt = true;
    await rename(server.root, join(server.outside, "moved-root"));
    await mkdir(server.root);
    const { status } = await rest(connection);
    // The root is the folder it was, wherever its name went.
    expect([201, 503]).toContain(status);
    expect(await readdir(server.root)).toEqual([]);
  });

  test("the root is removed: a problem says so, and the server goes on answering", async () => {
    using connection = await half("folder/new");
    spoilt = true;
    await rm(server.root, { recursive: true });
    await problemIn(await rest(connection), "storage_gone");
    for (const target of ["/files/file", "/api/entries", "/files/folder/"])
      await problemIn(await ask("GET", target, "", "Accept: application/json"), "storage_gone");
    await problemIn(await ask("PUT", "/files/a", "hello"), "storage_gone");
    await problemIn(await ask("DELETE", "/files/file"), "storage_gone");
    const answer = await ask("GET", "/health");
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.text)).toMatchObject({ status: "unwritable" });
    await until("no upload runs", async () => (await server.uploads()).length === 0, 1);
    expect(await readdir(server.outside)).not.toContain("root");
  });
});

test("a link swapped in again and again beside uploads leads none of them outside", async () => {
  let swapping = true;
  const swaps = (async () => {
    const folder = server.in("folder");
    while (swapping) {
      await rm(folder, { recursive: true, force: true });
      await symlink("..", folder).catch(() => {
        // An upload made the folder first.
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
      const { status } = await ask(method, target, method === "PUT" ? "evil" : "");
      outcomes.set(status, (outcomes.get(status) ?? 0) + 1);
    }
  }
  swapping = false;
  await swaps;
  expect([...outcomes.keys()].filter((status) => ![200, 201, 204, 404, 409, 503].includes(status))).toEqual(
    [],
  );
  expect(outcomes.get(201)).toBeGreaterThan(0);
  await server.expectUnharmed();
});

/** Makes a folder a link to the outside and a folder again, and a file a link to a canary and a file again, without a pause. */
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

test("links that come and go as fast as they can show nobody what is outside", async () => {
  await writeFile(server.in("folder/canary"), "inside");
  await using swapping = Bun.spawn([process.execPath, "-e", SWAPPING], {
    cwd: server.root,
    stderr: "ignore",
  });
  const end = performance.now() + 3000;
  const statuses = new Set<number>();
  const again = async (look: () => Promise<void>): Promise<void> => {
    while (performance.now() < end) await look();
  };
  const read = (path: string) => async (): Promise<void> => {
    const answer = await server.fetch(`/files/${path}`);
    const text = await answer.text();
    statuses.add(answer.status);
    if (answer.status === 200) expect(text).toBe("inside");
  };
  const list = async (): Promise<void> => {
    const answer = await server.fetch("/api/entries?folder=folder");
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
  await rm(server.in("moved"), { recursive: true, force: true });
  await server.expectUnharmed();
});

test("a file with a second name outside keeps what it holds there when it is replaced or removed", async () => {
  await rm(server.in("file"));
  const canary = join(server.outside, "linked");
  await writeFile(canary, CANARY);
  await link(canary, server.in("hard"));
  expect((await ask("PUT", "/files/hard", "new")).status).toBe(200);
  expect(await readFile(canary, "utf8")).toBe(CANARY);
  await link(canary, server.in("hard-2"));
  expect((await ask("DELETE", "/files/hard-2")).status).toBe(204);
  expect(await readFile(canary, "utf8")).toBe(CANARY);
  await rm(canary);
  await server.expectUnharmed();
});

async function makePipe(path: string): Promise<void> {
  expect(await Bun.spawn(["mkfifo", path]).exited).toBe(0);
}

describe("what is neither file nor folder", () => {
  test("is never opened, listed, replaced or removed", async () => {
    await makePipe(server.in("pipe"));
    const socket = createServer().listen(server.in("socket"));
    await until("the socket is there", () =>
      Bun.file(server.in("socket"))
        .exists()
        .then(() => readdir(server.root))
        .then((names) => names.includes("socket")),
    );
    const special = ["pipe", "socket"];
    if ((await Bun.spawn(["mknod", server.in("null"), "c", "1", "3"], { stderr: "ignore" }).exited) === 0)
      special.push("null");
    else console.warn("Skipped: devices in the root (mknod is not permitted)");
    await symlink("pipe", server.in("to-pipe"));
    const before = await kinds();
    const started = performance.now();
    for (const name of [...special, "to-pipe"]) {
      await problemIn(await ask("GET", `/files/${name}`), "not_found");
      expect((await ask("HEAD", `/files/${name}`)).status).toBe(404);
      expect([404, 409]).toContain((await ask("DELETE", `/files/${name}`)).status);
      expect((await ask("PUT", `/files/${name}`, "evil")).status).toBe(409);
      expect((await ask("PUT", `/files/${name}?conflict=fail`, "evil")).status).toBe(409);
    }
    expect(performance.now() - started).toBeLessThan(5000);
    const listing = JSON.parse((await ask("GET", "/api/entries?hidden=true")).text);
    for (const { name } of listing.entries) expect([...special, "to-pipe"]).not.toContain(name);
    await expectSame(before);
    socket.close();
  });

  test("gets company under the next name when a new one is asked for", async () => {
    await makePipe(server.in("pipe"));
    const answer = await ask("PUT", "/files/pipe?conflict=rename", "hello");
    expect(answer.status).toBe(201);
    expect(JSON.parse(answer.text)).toMatchObject({ path: "pipe (1)", renamedFrom: "pipe" });
    await server.expectUnharmed();
  });
});
