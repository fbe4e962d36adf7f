// sluice hook and sluice audit from the command line.

import { afterAll, describe, expect, test } from "bun:test";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { AuditLog } from "../../../src/access/audit/audit-log.ts";
import { commandsOn } from "../../support/manage.ts";

const { done, json, failure, snapshot, root, folder } = commandsOn();

const receiver = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request) => new Response(null, { status: new URL(request.url).pathname === "/busy" ? 500 : 204 }),
});
afterAll(() => receiver.stop(true));

describe("sluice hook", () => {
  test("adds a webhook, whose secret is shown once", async () => {
    const { out, note } = await done(
      `hook add upload.saved,entry.deleted ${receiver.url} --path in --timeout 5s`,
    );
    expect(out).toMatch(/^whsec_\S{44}\n$/);
    expect(note).toContain("shown once");
    const [hook] = snapshot().hooks;
    expect(hook).toMatchObject({
      events: ["upload.saved", "entry.deleted"],
      path: "in",
      kind: "webhook",
      timeout: 5,
    });
    expect((await done("hook list")).out).toBe(
      `${hook?.id}\tupload.saved,entry.deleted\t/in\t${receiver.url}\t5 s\n`,
    );
    expect(JSON.stringify(await json("hook list"))).not.toContain("whsec_");
    expect((await done(`hook test ${hook?.id}`)).out).toContain("took upload.saved");
  });

  test("adds a command with its arguments, and tells what it answers", async () => {
    const file = join(folder(), "refuse");
    await Bun.write(file, '#!/bin/sh\necho "No $1 for $SLUICE_PATH."\nexit 1\n');
    await chmod(file, 0o755);
    await done(`hook add upload.before -- ${file} --quiet`);
    const hook = snapshot().hooks.find(({ kind }) => kind === "command");
    expect(JSON.parse(hook?.target ?? "")).toEqual([file, "--quiet"]);
    expect(await failure(`hook test ${hook?.id}`, 1)).toContain(
      "did not take upload.before: No --quiet for test.txt.",
    );
    await done(`hook remove ${hook?.id}`);
    expect(snapshot().hooks.length).toBe(1);
  });

  test.each([
    ["hook add upload.save http://x", 2, '"upload.save" is no event; the nearest is upload.saved'],
    ["hook add upload.saved scan", 2, '"scan" is neither a URL nor the absolute path of a program'],
    ["hook add upload.saved http://x --timeout 2h", 2, "--timeout"],
    ["hook remove none", 1, "There is no hook"],
  ] as const)("refuses %s", async (words, code, fault) => {
    expect(await failure(words, code)).toContain(fault);
  });
});

test("sluice audit shows the last lines, safely", async () => {
  expect((await done("audit")).note).toContain("Nothing is logged");
  const audit = new AuditLog(join(root(), ".sluice/audit.jsonl"), () => {});
  const common = { via: "token", address: "192.0.2.1", request: "r", time: "2026-01-01T00:00:00.000Z" };
  audit.add({ ...common, who: "anna", did: "saved", path: "a\u001b[2Jb", result: "ok" });
  audit.add({ ...common, who: null, via: "anyone", did: "PUT", path: "/dav/a", result: "login_required" });
  await audit.close();
  expect((await done("audit")).out).toBe(
    "2026-01-01T00:00:00Z  ok  anna (token, 192.0.2.1)  saved /a\\u001b[2Jb\n" +
      "2026-01-01T00:00:00Z  login_required  anyone (anyone, 192.0.2.1)  PUT /dav/a\n",
  );
  const { out } = await done("audit --last 1 --json");
  expect(JSON.parse(out)).toMatchObject({ did: "PUT", result: "login_required" });
});
