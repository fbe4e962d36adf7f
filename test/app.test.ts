// The app as a library: without a server, with a custom storage, with default options.

import { describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp } from "../src/app.ts";
import type { Grant } from "../src/index.ts";
import { createLog } from "../src/plugins/log.ts";
import { RootInUse } from "../src/storage/disk/root/root-lock.ts";
import { MemoryStorage } from "../src/storage/memory/memory.ts";
import { AccessDatabase, bearer, PASSWORD } from "./support/access.ts";
import { problemIn } from "./support/problem.ts";
import { startServer, until } from "./support/server.ts";

const quiet = createLog("text", () => {});

/** Sends a request to an app that does not listen. */
async function ask(app: Awaited<ReturnType<typeof createApp>>, method: string, path: string, body?: string) {
  return await app.handle(
    new Request(`http://localhost${path}`, { method, ...(body !== undefined && { body }) }),
  );
}

test("answers requests without listening", async () => {
  const app = await createApp({ storage: new MemoryStorage(), logger: quiet });
  expect((await ask(app, "PUT", "/files/a.txt", "hello")).status).toBe(201);
  expect((await ask(app, "HEAD", "/files/a.txt")).headers.get("content-length")).toBe("5");
  expect((await ask(app, "PATCH", "/files/a.txt")).status).toBe(405);
  expect((await ask(app, "GET", "/nothing")).status).toBe(404);
});

test("missing options have the defaults of the command line", async () => {
  const app = await createApp({ storage: new MemoryStorage(), logger: quiet });
  const { config } = app.decorator.services;
  expect(config.allow).toBeUndefined();
  expect(config.maxFiles).toBe(10_000);
});

test("two apps share no state", async () => {
  const [one, two] = await Promise.all(
    [1, 2].map((maxFileSize) => createApp({ storage: new MemoryStorage(), logger: quiet, maxFileSize })),
  );
  if (!one || !two) throw new Error("No apps");
  expect((await ask(one, "PUT", "/files/a", "12")).status).toBe(413);
  expect((await ask(two, "PUT", "/files/a", "12")).status).toBe(201);
  expect((await ask(one, "GET", "/files/a")).status).toBe(404);
});

describe("accounts", () => {
  const as = (token: string) => ({ headers: bearer(token) });

  test("of --access count for a storage in memory, too", async () => {
    const root = await mkdtemp(join(tmpdir(), "sluice-app-"));
    const database = new AccessDatabase(root);
    database.account("alice", { team: "read,write" });
    const token = database.token("alice");
    database.close();
    const storage = new MemoryStorage();
    const app = await createApp({ storage, logger: quiet, access: join(root, ".sluice/access.db") });
    const put = (path: string, init = {}) =>
      app.handle(new Request(`http://localhost/files/${path}`, { method: "PUT", body: "hello", ...init }));
    await problemIn(await put("team/a.txt"), "login_required");
    await problemIn(await put("other/a.txt", as(token)), "not_found");
    expect((await put("team/a.txt", as(token))).status).toBe(201);
    await storage.close();
    await rm(root, { recursive: true });
  });

  test("do not exist without a file for them: nobody can log in or be added, and `allow` decides", async () => {
    const allow = new Set<Grant>(["read=pub", "write=inbox"]);
    const app = await createApp({ storage: new MemoryStorage(), logger: quiet, allow });
    expect((await ask(app, "PUT", "/files/inbox/a.txt", "hello")).status).toBe(201);
    await problemIn(await ask(app, "GET", "/files/inbox/a.txt"), "not_allowed");
    expect(await (await ask(app, "GET", "/api/me?folder=pub")).json()).toMatchObject({
      accounts: false,
      words: ["list", "read"],
    });
    const body = JSON.stringify({ name: "alice", password: PASSWORD });
    await problemIn(await ask(app, "POST", "/api/session", body), "wrong_login");
    await problemIn(await ask(app, "GET", "/api/accounts"), "login_required");
    await problemIn(await ask(app, "POST", "/api/setup", `{"token":"t",${body.slice(1)}`), "setup_gone");
  });
});

describe("the root", () => {
  test("is locked while the app is open, and unlocked afterwards", async () => {
    await using server = await startServer();
    await expect(createApp({ root: server.root, logger: quiet })).rejects.toBeInstanceOf(RootInUse);
    await server.app.decorator.services.storage.close();
    const next = await createApp({ root: server.root, logger: quiet });
    await next.decorator.services.storage.close();
  });

  test("is not locked by a read-only app", async () => {
    const root = await mkdtemp(join(tmpdir(), "sluice-app-"));
    await Bun.write(join(root, "a"), "x");
    await using writer = await startServer({ root });
    const reader = await createApp({ root, allow: new Set(["read"]), logger: quiet });
    expect(await (await ask(reader, "GET", "/files/a")).text()).toBe("x");
    await writer.fetch("/files/b", { method: "PUT", body: "y" });
    expect(await (await ask(reader, "GET", "/files/b")).text()).toBe("y");
    await reader.decorator.services.storage.close();
    await writer.stop();
    await rm(root, { recursive: true });
  });
});

test("a root that createApp opened is unlocked when the app has stopped", async () => {
  const root = await mkdtemp(join(tmpdir(), "sluice-"));
  try {
    const first = await createApp({ root, logger: quiet });
    first.listen({ port: 0, hostname: "127.0.0.1" });
    await first.stop(true);
    await until("the root is unlocked", async () => {
      const second = await createApp({ root, logger: quiet }).catch((error: unknown) => {
        if (error instanceof RootInUse) return null;
        throw error;
      });
      await second?.decorator.services.storage.close();
      return second !== null;
    });
  } finally {
    await rm(root, { recursive: true });
  }
});
