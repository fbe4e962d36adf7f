// Servers that are to have accounts and have none yet: a database that is missing must not open them.

import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { allowBeforeAccounts } from "../../src/access/late-accounts.ts";
import { createApp } from "../../src/app.ts";

test("without accounts to come, the default is that of --allow", () => {
  expect(allowBeforeAccounts({}, false)).toBeUndefined();
});

test.each([
  { access: "accounts/access.db" },
  { loginHeader: "Remote-User", trustedProxy: ["127.0.0.0/8"] },
  { oidcIssuer: "https://login.example.org", oidcClient: "sluice" },
])("a server with %j and no database lets nobody in, and what --allow says counts", async (options) => {
  const root = await mkdtemp(join(tmpdir(), "sluice-late-"));
  const inRoot = "access" in options ? { access: join(root, "missing", "access.db") } : options;
  try {
    for (const [allow, status] of [
      [undefined, 403],
      [new Set(["write"] as const), 201],
    ] as const) {
      const app = await createApp({
        ...inRoot,
        root,
        ...(allow && { allow }),
        log: "json",
        logLevel: "error",
      });
      const request = new Request("http://localhost/files/a.txt", { method: "PUT", body: "a" });
      expect((await app.handle(request)).status).toBe(status);
      await app.decorator.services.close();
    }
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
