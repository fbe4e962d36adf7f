// Paths that try to leave the root or to reach the server's own folder, in every position where a client can send one.

import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { patient } from "../support/patience.ts";
import { problemIn } from "../support/problem.ts";
import type { RawAnswer } from "../support/raw.ts";
import { ask, CHUNKED, chunk, FORM, FORM_END, filePart, head } from "./requests.ts";
import { startTarget, type Target } from "./target.ts";

setDefaultTimeout(patient(20_000));

let server: Target;
beforeAll(async () => {
  server = await startTarget({
    prepare: async (root) => {
      await mkdir(join(root, "folder"));
      await writeFile(join(root, "kept"), "kept");
    },
  });
});
afterAll(() => server[Symbol.asyncDispose]());

/** Checks that nothing outside the root changed and nothing in it vanished, and removes new files. */
afterEach(async () => {
  await server.expectUnharmed();
  expect(await Bun.file(server.in("kept")).text()).toBe("kept");
  expect((await readdir(server.root)).includes(".sluice")).toBe(true);
  for (const name of await readdir(server.root))
    if (!["kept", "folder", ".sluice"].includes(name)) await rm(server.in(name), { recursive: true });
});

/** The UTF-8 bytes of a text, as one character each. */
const utf8 = (text: string): string => Buffer.from(text).toString("latin1");

/** All requests with a path in the URL, which is sent without further encoding. */
const byUrl: [way: string, (path: string) => Promise<RawAnswer>][] = [
  ["PUT", (path) => ask(server, "PUT", `/files/${path}`, "evil")],
  ["GET", (path) => ask(server, "GET", `/files/${path}`)],
  ["HEAD", (path) => ask(server, "HEAD", `/files/${path}`)],
  ["DELETE", (path) => ask(server, "DELETE", `/files/${path}`)],
  ["POST into the folder", (path) => ask(server, "POST", `/files/${path}/?name=a`, "evil")],
  ["a listing", (path) => ask(server, "GET", `/files/${path}/`, "", "Accept: application/json")],
  ["a page of a listing", (path) => ask(server, "GET", `/api/entries?folder=${path}`)],
  ["?name=", (path) => ask(server, "POST", `/files/?name=${path}`, "evil")],
];

/** All requests with a name in a header or a form. */
const byHeader: [way: string, (path: string) => Promise<RawAnswer>][] = [
  [
    "Content-Disposition",
    (path) =>
      ask(server, "POST", "/files/", "evil", `Content-Disposition: attachment; filename="${utf8(path)}"`),
  ],
  [
    "Content-Disposition with filename*",
    (path) =>
      ask(
        server,
        "POST",
        "/files/",
        "evil",
        `Content-Disposition: attachment; filename*=UTF-8''${encode(path)}`,
      ),
  ],
  ["a form", (path) => ask(server, "POST", "/files/", filePart(utf8(path), "evil") + FORM_END, FORM)],
  [
    "a form for a folder",
    (path) => ask(server, "POST", "/files/folder/", filePart(utf8(path), "evil") + FORM_END, FORM),
  ],
];

const encode = (path: string): string =>
  path.replace(/[^A-Za-z0-9]/gu, (character) => encodeURIComponent(character).replace(".", "%2e"));

const INSIDE_URLS = [
  "..%2fcanary",
  "%2e%2e%2fcanary",
  "%2E%2E%2Fcanary",
  "%2e.%2fcanary",
  "folder%2f..%2f..%2fcanary",
  "folder%2f%2e%2e%2f%2e%2e%2fcanary",
  "..%2froot-canary",
  "..%2frootcanary",
  "..%2ffolder%2fcanary",
  "..%2froot%2f..%2fcanary",
  "%2fcanary",
  "%2f..%2fcanary",
  ".%2f..%2fcanary",
  "..%5ccanary",
  "..%5c..%5ccanary",
  "folder%5c..%5c..%5ccanary",
  "C:%5ccanary",
  "..%2fcanary%00",
  "..%2fcanary%00.jpg",
  "%00",
  "kept%00",
  "kept%2f..%2f..%2fcanary",
  "..%0a%2fcanary",
  "..%2fcanary%2f",
  "..%2f",
  "folder%2f..",
  "kept.",
  "kept%20",
  "kept%2e%20.",
  "...",
  "folder%2f%2f..%2fcanary",
  "%c0%ae%c0%ae%2fcanary",
  "..%c0%afcanary",
  "%e0%80%ae%e0%80%ae%2fcanary",
  "%f0%80%80%ae%f0%80%80%ae%2fcanary",
  "..%e0%80%afcanary",
  "%ed%a0%80",
  "%ed%a0%ae%ed%b0%ae",
  "%ff%fe",
  "%f5%80%80%80",
  "%u002e%u002e%2fcanary",
  "%",
  "%2",
  "%zz",
  "NUL",
  "con.txt",
  "folder%2fCOM1",
  "lpt%c2%b9.jpg",
  "aux%20.txt",
  ".sluice",
  ".SLUICE",
  ".Sluice%2fuploads",
  ".sluice%2flock",
  "%2esluice",
  "%2e%73%6c%75%69%63%65%2fuploads",
  ".sluice%2fuploads%2f..%2f..%2fkept",
  ".%c5%bfluice",
  ".sluice%20",
  ".sluice.",
  ".sluice%00",
  "folder%2f..%2f.sluice%2flock",
];

describe.each(byUrl)("by %s", (_, send) => {
  test.each(INSIDE_URLS)("%s", async (path) => {
    const { status } = await send(path);
    expect(status).toBe(400);
    expect(await server.files()).toEqual(["folder", "kept"]);
  });
});

test("dot segments that URLs resolve lead to other URLs of this server, never outside", async () => {
  for (const path of [
    "..",
    "%2e%2e",
    "../..",
    "../../canary",
    "%2e%2e/%2e%2e/canary",
    "folder/../../../canary",
  ]) {
    for (const method of ["GET", "HEAD", "PUT", "DELETE"]) await ask(server, method, `/files/${path}`);
    expect((await ask(server, "GET", `/api/entries?folder=${path}`)).status).toBe(400);
    expect((await ask(server, "POST", `/files/?name=${path}`, "evil")).status).toBe(400);
  }
  expect(await server.files()).toEqual(["folder", "kept"]);
});

describe.each(byHeader)("by %s", (_, send) => {
  test.each([
    "../canary",
    "../../canary",
    "..\\canary",
    "..\\..\\canary",
    "/canary",
    "//canary",
    "C:\\canary",
    "folder/../../canary",
    "folder/../canary",
    "./canary",
    "a//canary",
    "a/",
    ".",
    "..",
    "../root-canary",
    "../rootcanary",
    "canary\u0000",
    "../canary\u0000.jpg",
    "a\u0007b",
    "a\u007fb",
    "a\u0085b",
    "NUL",
    "com1.tar.gz",
    "a/CONIN$",
    "a.",
    "a ",
    "a/b./c",
  ])("%j", async (path) => {
    const { status } = await send(path);
    expect(status).toBe(400);
    expect(await server.files()).toEqual(["folder", "kept"]);
  });
});

describe.each(byHeader.slice(0, 3))("the server's own folder, by %s", (_, send) => {
  test.each([
    ".sluice",
    ".SLUICE",
    ".sLuIcE/uploads/a",
    ".sluice/lock",
    ".\u017fluice",
    ".sluice.",
    ".sluice ",
  ])("%j", async (path) => {
    expect((await send(path)).status).toBe(400);
  });
});

test("names that only look dangerous are accepted", async () => {
  const names = [
    "%2e%2e%2fcanary",
    "..%5ccanary",
    "\uff0e\uff0e\uff0fcanary",
    "\u2024\u2024",
    "\u2025",
    "..canary",
    "....a",
    "folder/.sluice.txt",
    ".sluice2",
    "~",
    "~root",
    "-rf",
    "$HOME",
    "`id`",
    "$(id)",
    "a;b",
    "a|b",
    "a&b",
    "*",
    "?",
    "C:",
    "file:",
    "__proto__",
    "constructor",
    "a\u2215b",
  ];
  for (const name of names) {
    const encoded = name.split("/").map(encodeURIComponent).join("/");
    const answer = await ask(server, "PUT", `/files/${encoded}`, "hello");
    expect(answer.status).toBe(201);
    expect(JSON.parse(answer.text)).toMatchObject({ path: name, url: `/files/${encoded}` });
    expect((await ask(server, "GET", `/files/${encoded}`)).text).toBe("hello");
    expect(await Bun.file(server.in(name)).text()).toBe("hello");
    expect((await ask(server, "DELETE", `/files/${encoded}`)).status).toBe(204);
  }
});

test("a path that is encoded twice is decoded once", async () => {
  const answer = await ask(server, "PUT", "/files/%252e%252e%252fcanary", "hello");
  expect(JSON.parse(answer.text)).toMatchObject({ path: "%2e%2e%2fcanary" });
  expect(await server.files()).toEqual(["%2e%2e%2fcanary", "folder", "kept"]);
});

test("invalid UTF-8 in the URL does not become a slash or a dot", async () => {
  for (const bytes of [
    "\xc0\xae\xc0\xae/canary",
    "..\xc0\xafcanary",
    "\xe0\x80\xae\xe0\x80\xae\xe0\x80\xafcanary",
  ])
    await ask(server, "PUT", `/files/${bytes}`, "hello");
  for (const name of await server.files()) expect(name).toMatch(/^(folder|kept|(\.\.)?\ufffd+(\/?canary)?)$/);
});

test("running uploads cannot be listed, read, replaced or removed by their path on the disk", async () => {
  using connection = await server.raw(head("PUT", "/files/a", CHUNKED) + chunk("half"));
  while ((await server.temporaries()).length === 0) await Bun.sleep(1);
  const [temporary] = await server.temporaries();
  for (const way of ["GET", "DELETE", "PUT"])
    for (const folder of [
      ".sluice/uploads",
      ".SLUICE/uploads",
      "%2esluice%2fuploads",
      "folder/..%2f.sluice/uploads",
    ])
      await problemIn(await ask(server, way, `/files/${folder}/${temporary}`), "invalid_path");
  const listing = await ask(server, "GET", "/api/entries?hidden=true");
  expect(JSON.parse(listing.text).entries.map(({ path }: { path: string }) => path)).toEqual([
    "folder",
    "kept",
  ]);
  await connection.send(chunk("half"));
  await connection.send("0\r\n\r\n");
  expect((await connection.answer()).status).toBe(201);
});
