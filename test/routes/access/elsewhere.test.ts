// Holes and surprises of other servers, which their users reported: none of them is here.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { nameFault } from "../../../src/access/account-name.ts";
import { type AccessServer, startAccessServer } from "../../support/access.ts";
import { problemIn } from "../../support/problem.ts";
import { OFFSET_TYPE, TUS } from "../../support/tus-client.ts";

let server: AccessServer;
const tokens: Record<string, string> = {};
beforeAll(async () => {
  server = await startAccessServer((database) => {
    database.account("anna", { team: "all", "team/kept": "read" });
    database.account("ben", { in: "write" });
    database.account("carl", { "": "read" }, { teams: ["staff"] });
    database.grant("@staff", { "": "read", "private/staff": "read,write" });
    database.grant("carl", { private: "none" });
    for (const name of ["anna", "ben", "carl"]) tokens[name] = database.token(name);
  });
  for (const path of ["team/kept/a.txt", "team/b.txt", "in/c.txt", "private/staff/d.txt", "private/e.txt"])
    await Bun.write(join(server.root, path), `canary of ${path}`);
});
afterAll(() => server.stop());

const ask = (name: string, method: string, path: string, more: { headers?: object; body?: string } = {}) =>
  server.fetch(path, {
    method,
    headers: { authorization: `Bearer ${tokens[name]}`, ...more.headers },
    ...(more.body !== undefined && { body: more.body }),
  });
const there = (path: string): Promise<boolean> => Bun.file(join(server.root, path)).exists();

test("who may upload may not delete or replace (dufs#441, dufs#504)", async () => {
  expect((await ask("ben", "PUT", "/files/in/new.txt", { body: "1" })).status).toBe(201);
  await problemIn(await ask("ben", "PUT", "/files/in/new.txt", { body: "2" }), "not_allowed");
  for (const path of ["/files/in/new.txt", "/files/in/c.txt", "/files/in?recursive=true"])
    await problemIn(await ask("ben", "DELETE", path), "not_found");
  expect(await Bun.file(join(server.root, "in/new.txt")).text()).toBe("1");
});

test("a change of a whole folder stops at a rule below it (GHSA-77x8-73f4-5485)", async () => {
  const changes: [method: string, path: string, body?: object][] = [
    ["DELETE", "/files/team?recursive=true"],
    ["POST", "/api/move", { from: "team", to: "team/../moved" }],
    ["POST", "/api/move", { from: "team/kept", to: "team/away" }],
  ];
  for (const [method, path, body] of changes) {
    const answer = await ask("anna", method, path, {
      headers: { "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    expect(answer.status).toBeGreaterThanOrEqual(400);
  }
  const { detail } = await problemIn(
    await ask("anna", "DELETE", "/files/team?recursive=true"),
    "not_allowed",
  );
  expect(detail).toContain("team/kept");
  expect(await there("team/kept/a.txt")).toBe(true);
  expect((await ask("anna", "DELETE", "/files/team/b.txt")).status).toBe(204);
});

test("DELETE of an upload needs its URL, and never deletes a file (CVE-2026-29188)", async () => {
  const body = "12345";
  const created = await ask("ben", "POST", "/uploads?path=in/up.txt", {
    headers: { ...TUS, ...OFFSET_TYPE, "upload-length": "5" },
    body,
  });
  const url = created.headers.get("location") ?? "";
  expect((await ask("ben", "DELETE", url, { headers: TUS })).status).toBe(204);
  expect(await Bun.file(join(server.root, "in/up.txt")).text()).toBe(body);
  await problemIn(await ask("anna", "DELETE", "/uploads/in/up.txt", { headers: TUS }), "not_found");
});

test("sizes and times are not told without the grant (Deno CVE-2025-61786)", async () => {
  const paths = ["/files/private/e.txt", "/files/private/none.txt"];
  for (const headers of [{}, { "if-match": '"x"' }, { "if-none-match": "*" }, { range: "bytes=0-1" }]) {
    const answers = await Promise.all(paths.map((path) => ask("ben", "HEAD", path, { headers })));
    const told = answers.map((answer) => {
      const shown = Object.fromEntries(answer.headers);
      for (const name of ["date", "server-timing", "x-request-id"]) delete shown[name];
      return [answer.status, shown];
    });
    expect(told[0]).toEqual(told[1]);
    expect(told[0]?.[0]).toBe(404);
  }
});

test("a refusal for an account leaves what its team gives nearer by (Quantum#2327)", async () => {
  expect((await ask("carl", "GET", "/files/private/staff/d.txt")).status).toBe(200);
  // The team's own rule at the root gives `read` there, too: subjects are united, so a refusal has to name the team.
  expect((await ask("carl", "GET", "/files/private/e.txt")).status).toBe(200);
  server.database.grant("@staff", { private: "none" });
  await server.read();
  await problemIn(await ask("carl", "GET", "/files/private/e.txt"), "not_found");
  expect((await ask("carl", "GET", "/files/private/staff/d.txt")).status).toBe(200);
});

test("accounts with names that look alike share nothing (GHSA-7rc3-g7h6-22m7, GHSA-576v-w77m-gr84)", async () => {
  const twin = "J\u006fse\u0301";
  expect(nameFault(twin)).toContain("NFC");
  server.database.account("josé", { "": "read" });
  server.database.account("José", {});
  const other = server.database.token("José");
  await server.read();
  tokens.other = other;
  await problemIn(await ask("other", "GET", "/files/team/kept/a.txt"), "not_found");
});
