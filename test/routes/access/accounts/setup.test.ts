// The first owner over HTTP: a link that works once, for 15 minutes, while nobody may do anything.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Setup } from "../../../../src/access/setup.ts";
import { AccessDatabase } from "../../../support/access.ts";
import { Visitor } from "../../../support/login.ts";
import { problemIn } from "../../../support/problem.ts";
import { startServer, type TestServer, until } from "../../../support/server.ts";
import { spawnServing } from "../../../support/spawn.ts";

const PASSWORD = "a long horse";

describe("a server with --setup and without accounts", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ setup: true, allow: new Set() });
  });
  afterAll(() => server.stop());

  const setUp = (token: string, name: string, password = PASSWORD) =>
    new Visitor(server.url).send("POST", "/api/setup", { token, name, password });
  const token = () => server.app.decorator.services.setup?.token ?? "";

  test("lets nobody do anything", async () => {
    for (const path of ["/files/a", "/api/entries"]) await problemIn(await server.fetch(path), "not_allowed");
    await problemIn(await server.fetch("/files/a", { method: "PUT", body: "a" }), "not_allowed");
  });

  test("makes the first owner with its token only, and only once", async () => {
    await problemIn(await setUp("wrong", "eve"), "setup_gone");
    await problemIn(await setUp(token(), "a/b"), "invalid_request");
    await problemIn(await setUp(token(), "anna", "short"), "invalid_request");
    // Two at once: one is the owner.
    const answers = await Promise.all(["anna", "eve"].map((name) => setUp(token(), name)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 410]);
    await problemIn(await setUp(token(), "mallory"), "setup_gone");
    const { accounts } = server.app.decorator.services.access.snapshot;
    expect([...accounts.values()]).toMatchObject([{ owner: true }]);
  });

  test("gives the owner everything, in a root that can be written", async () => {
    const [name = ""] = server.app.decorator.services.access.snapshot.accounts.keys();
    const visitor = await Visitor.loggedIn(server.url, name, PASSWORD);
    expect((await visitor.fetch("/files/a.txt", { method: "PUT", body: "a" })).status).toBe(201);
    await problemIn(await server.fetch("/files/a.txt"), "login_required");
  });
});

test("the token has 128 bits, and works for 15 minutes by a clock that never jumps", async () => {
  let now = 0;
  const setup = new Setup(() => now);
  expect(Buffer.from(setup.token, "base64url")).toHaveLength(16);
  now = 15 * 60_000 - 1;
  expect(setup.opens(setup.token)).toBe(true);
  expect(await setup.use(setup.token, () => Promise.reject(new Error("disk"))).catch(() => "failed")).toBe(
    "failed",
  );
  expect(setup.opens(setup.token)).toBe(true);
  now += 1;
  expect(setup.opens(setup.token)).toBe(false);
  expect(await setup.use(setup.token, async () => {})).toBe(false);
});

test("without --setup there is no token, and the page of the link is there", async () => {
  await using server = await startServer();
  expect(server.app.decorator.services.setup).toBeNull();
  const body = JSON.stringify({ token: "", name: "eve", password: PASSWORD });
  await problemIn(await server.fetch("/api/setup", { method: "POST", body }), "setup_gone");
  for (const path of ["/setup", "/invite"])
    expect((await server.fetch(path)).headers.get("content-type")).toBe("text/html; charset=utf-8");
});

test("the program prints the link, listens to other machines, and does nothing once there are accounts", async () => {
  const root = await mkdtemp(join(tmpdir(), "sluice-setup-"));
  try {
    const flags = ["--setup", "--host", "0.0.0.0", "--url", "https://files.example.org"];
    let token = "";
    {
      await using server = await spawnServing(root, ...flags);
      const link = /15 minutes: https:\/\/files\.example\.org\/setup#(\S{22})$/m;
      await until("the link is printed", () => link.test(server.stdout));
      token = link.exec(server.stdout)?.[1] ?? "";
      const headers = { host: "files.example.org" };
      const body = JSON.stringify({ token, name: "anna", password: PASSWORD });
      expect((await fetch(`${local(server.url)}/files/a`, { headers })).status).toBe(403);
      expect((await fetch(`${local(server.url)}/api/setup`, { method: "POST", body, headers })).status).toBe(
        201,
      );
      server.signal("SIGTERM");
      await server.exited;
      expect(server.stderr).not.toContain(token);
    }
    await using server = await spawnServing(root, ...flags);
    await until("the program says so", () => server.stdout.includes("There are accounts already"));
  } finally {
    await rm(root, { recursive: true });
  }
});

/** The address under which this machine reaches a server on all addresses. */
const local = (url: string): string => url.replace("0.0.0.0", "127.0.0.1");

test("accounts that appear while the root is open for reading only are told to the operator, once", async () => {
  await using server = await startServer({ allow: new Set(["read"]) });
  const database = new AccessDatabase(server.root);
  const warnings = () => server.log.filter((line) => line.includes("opened for reading only"));
  database.account("anna");
  const { access } = server.app.decorator.services;
  await until("the server sees the account", () => access.closed);
  database.account("ben");
  await until("the server sees the other one", () => access.snapshot.accounts.size === 2);
  expect(warnings()).toHaveLength(1);
  expect(warnings()[0]).toContain("restart the server");
  database.close();
});
