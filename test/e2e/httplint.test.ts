// REDbot's linter on responses of /files, logins and links: no errors, and a reason for every warning that remains.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { utimesSync } from "node:fs";
import { join } from "node:path";
import { PASSWORD } from "../support/access.ts";
import { type LinkServer, startLinkServer } from "../support/links.ts";
import { connect } from "../support/raw.ts";
import { skipped } from "../support/switches.ts";

const LINT = join(import.meta.dir, "clients/lint.py");
const PYTHON = process.env.TEST_PYTHON ?? "python3";

const missing = Bun.which(PYTHON) === null || Bun.spawnSync([PYTHON, "-c", "import httplint"]).exitCode !== 0;
if (missing)
  skipped("httplint", `${PYTHON} has no httplint`, "install it for a Python and set TEST_PYTHON to that");

/** Warnings that remain, with the reason. */
const EXPLAINED: Readonly<Record<string, string>> = {
  PARTIAL_WITHOUT_RANGE:
    "RFC 9110 section 15.3.7.2: the head of a multipart answer MUST NOT have a Content-Range",
  STATUS_BAD_REQUEST: "It says only what 400 means",
  DATE_CLOCKLESS: "Bun leaves Date out of every answer to HEAD; a problem has nothing that needs one",
};

type Lines = [string, string][];

let server: LinkServer;
beforeAll(async () => {
  server = await startLinkServer({ allow: new Set(["read"]) });
  const past = new Date("2026-01-02T03:04:05Z");
  for (const name of ["file.txt", "page.html", "ü 'q'.bin", "empty.json"]) {
    await Bun.write(join(server.root, name), name.startsWith("empty") ? "" : "0123456789".repeat(300));
    utimesSync(join(server.root, name), past, past);
  }
});
afterAll(() => server.stop());

async function exchange(method: string, path: string, asked: Lines = [], said = "") {
  using connection = await connect(server.url);
  const lines = asked.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const length = said === "" ? "" : `Content-Length: ${said.length}\r\n`;
  await connection.send(`${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${length}${lines}\r\n${said}`);
  const { status, headers, body } = await connection.answer({ head: method === "HEAD" });
  return {
    name: [method, path, ...asked.map((header) => header.join(": "))].join(" · "),
    method,
    url: server.url + path,
    asked,
    status,
    phrase: "x",
    told: [...headers].filter(([name]) => name !== "transfer-encoding"),
    body: body.toString("base64"),
  };
}

test.skipIf(missing)("responses of /files, logins and links have no errors", async () => {
  const tag = (await server.fetch("/files/file.txt", { method: "HEAD" })).headers.get("etag") ?? "";
  const file = "/files/file.txt";
  const exchanges: Awaited<ReturnType<typeof exchange>>[] = [];
  for (const [status, method, path, ...asked] of [
    [200, "GET", file],
    [200, "HEAD", file],
    [200, "GET", "/files/page.html"],
    [200, "GET", "/files/%C3%BC%20'q'.bin?download"],
    [200, "GET", "/files/empty.json"],
    [200, "GET", file, ["Want-Repr-Digest", "sha-256=1"]],
    [206, "GET", file, ["Range", "bytes=0-9"]],
    [206, "GET", file, ["Range", "bytes=-5"]],
    [206, "GET", file, ["Range", "bytes=0-9,20-29"]],
    [206, "GET", file, ["Range", "bytes=0-9"], ["If-Range", tag]],
    [200, "GET", file, ["Range", "bytes=0-9"], ["If-Range", '"x"']],
    [304, "GET", file, ["If-None-Match", tag]],
    [304, "HEAD", file, ["If-None-Match", tag]],
    [304, "GET", file, ["If-Modified-Since", "Fri, 02 Jan 2026 03:04:05 GMT"]],
    [404, "GET", "/files/absent"],
    [404, "HEAD", "/files/absent"],
    [404, "GET", "/files/absent", ["Accept", "text/html"]],
    [412, "GET", file, ["If-Match", '"x"']],
    [416, "GET", file, ["Range", "bytes=9999-"]],
    [400, "GET", "/files/a%00b"],
    [200, "GET", "/files/", ["Accept", "application/json"]],
    [200, "GET", "/files/", ["Accept", "text/html"]],
  ] as [number, string, string, ...Lines][]) {
    const one = await exchange(method, path, asked);
    expect([one.name, one.status]).toEqual([one.name, status]);
    exchanges.push(one);
  }
  const json: [string, string] = ["Content-Type", "application/json"];
  const gone = await server.link("home/album", { downloads: 0 });
  const open = await server.link("home/album");
  const locked = await server.link("home/album", { password: "open sesame" });
  const login = JSON.stringify({ name: "anna", password: PASSWORD });
  for (const [status, method, path, asked, said] of [
    [401, "GET", "/api/account", []],
    [401, "GET", "/api/me", [["Authorization", "Bearer slu_wrong"]]],
    [401, "POST", "/api/session", [json], '{"name":"anna","password":"wrong horse"}'],
    [204, "POST", "/api/session", [json, ["Origin", "http://localhost"]], login],
    [200, "GET", `${open.url}/info`, []],
    [200, "GET", `${open.url}/files/a.txt`, []],
    [401, "GET", `${locked.url}/entries`, []],
    [204, "POST", `${locked.url}/session`, [json], '{"password":"open sesame"}'],
    [410, "GET", `${gone.url}/files/a.txt`, []],
    [410, "HEAD", `${gone.url}/files/a.txt`, []],
  ] as [number, string, string, Lines, string?][]) {
    const one = await exchange(method, path, asked, said);
    expect([one.name, one.status]).toEqual([one.name, status]);
    exchanges.push(one);
  }
  const child = Bun.spawn([PYTHON, LINT], {
    stdin: Buffer.from(JSON.stringify(exchanges)),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [text, complaints, code] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  if (code !== 0) throw new Error(complaints);
  const notes: [level: string, id: string, summary: string][][] = JSON.parse(text);
  const found = notes.flatMap((some, index) =>
    some.map(([level, id, summary]) => ({ id, said: `${level}: ${summary} · ${exchanges[index]?.name}` })),
  );
  expect(found.filter(({ id }) => !(id in EXPLAINED)).map(({ id, said }) => `${id} ${said}`)).toEqual([]);
  // A listed warning that no longer occurs is outdated.
  expect(Object.keys(EXPLAINED).filter((id) => !found.some((one) => one.id === id))).toEqual([]);
});
