// Questions to hooks before uploads: how many may wait.

import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Access } from "../../src/access/access.ts";
import { addHook } from "../../src/access/database/changes/hook-changes.ts";
import { openDatabase } from "../../src/access/database/open.ts";
import type { HookEvent } from "../../src/hooks/event.ts";
import { Hooks } from "../../src/hooks/hooks.ts";
import { checkFolderPath } from "../../src/path.ts";
import { until } from "../support/server.ts";

test("a slow program that checks uploads lets 16 run and 256 wait; more are refused at once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-hooks-"));
  const answer = Promise.withResolvers<void>();
  let asked = 0;
  const receiver = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async () => {
      asked += 1;
      await answer.promise;
      return new Response("yes");
    },
  });
  const file = join(folder, "access.db");
  const database = openDatabase(file, { create: true });
  addHook(database, {
    events: ["upload.before"],
    path: checkFolderPath(""),
    kind: "webhook",
    target: receiver.url.href,
    secret: null,
    timeout: 30,
  });
  const access = Access.open({ file, allow: new Set() });
  const hooks = new Hooks({ access, root: folder, warn: () => {} });
  const event: HookEvent = {
    type: "upload.before",
    path: "a.txt",
    size: null,
    by: { account: null, via: "anyone", credential: null, address: null },
    time: new Date().toISOString(),
    request: null,
  };
  const asking = Array.from({ length: 300 }, () => hooks.ask(event));
  const settled = Promise.allSettled(asking);
  await until("16 are asked", () => asked === 16);
  answer.resolve();
  const results = await settled;
  const refused = results.filter(({ status }) => status === "rejected");
  expect(refused.length).toBe(300 - 16 - 256);
  expect(refused[0]).toMatchObject({ reason: { code: "hook_failed" } });
  expect(asked).toBe(16 + 256);
  await hooks.close();
  access.close();
  database.close();
  await receiver.stop(true);
  await rm(folder, { recursive: true });
});
