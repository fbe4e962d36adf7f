// Hooks over HTTP: signed webhooks, commands without a shell, questions before uploads, a queue that outlives a restart.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Hook } from "../../../src/access/database/snapshot.ts";
import { Hooks } from "../../../src/hooks/hooks.ts";
import { checkFolderPath } from "../../../src/path.ts";
import { type AccessServer, bearer, startAccessServer } from "../../support/access.ts";
import { problemIn } from "../../support/problem.ts";
import { until } from "../../support/server.ts";
import { TUS } from "../../support/tus-client.ts";

const SECRET = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`;

/** A receiver of webhooks, which answers with `answers` first and then with 204. */
const received: { headers: Headers; body: string }[] = [];
let answers: (() => Response)[] = [];
const receiver = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    received.push({ headers: request.headers, body: await request.text() });
    return answers.shift()?.() ?? new Response(null, { status: 204 });
  },
});

let server: AccessServer;
let folder = "";
let token = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-hooks-"));
  server = await startAccessServer((database) => {
    database.account("alice", { "": "all" });
    token = database.token("alice");
  });
});
afterAll(async () => {
  await server.stop();
  await receiver.stop(true);
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  received.length = 0;
  answers = [];
});

const ask = (method: string, path: string, body?: string) =>
  server.fetch(path, { method, headers: bearer(token), ...(body && { body }) });

/** Installs hooks for one test. */
async function hooks(...more: (Partial<Hook> & { events: string[] })[]): Promise<AsyncDisposable> {
  for (const hook of more)
    server.database.change("addHook", {
      path: checkFolderPath(""),
      kind: "webhook",
      target: receiver.url.href,
      secret: SECRET,
      timeout: 5,
      ...hook,
    });
  await server.read();
  const { access } = server.app.decorator.services;
  return {
    [Symbol.asyncDispose]: async () => {
      for (const { id } of access.snapshot.hooks) server.database.change("removeHook", { id });
      await server.read();
    },
  };
}

/** A program that runs a line of shell; names come to it in the environment only. */
async function script(name: string, line: string): Promise<string> {
  const file = join(folder, name);
  await Bun.write(file, `#!/bin/sh\n${line}\n`);
  await chmod(file, 0o755);
  return JSON.stringify([file]);
}

describe("a webhook", () => {
  test("is signed as Standard Webhooks says, and tells who did what", async () => {
    await using _ = await hooks({ events: ["upload.saved", "entry.deleted"] });
    await ask("PUT", "/files/a%20b.txt", "hello");
    await ask("DELETE", "/files/a%20b.txt");
    await until("two events", () => received.length === 2);
    const [saved] = received;
    const id = saved?.headers.get("webhook-id");
    const time = saved?.headers.get("webhook-timestamp");
    const key = Buffer.from(SECRET.slice(6), "base64");
    const mac = createHmac("sha256", key).update(`${id}.${time}.${saved?.body}`).digest("base64");
    expect(saved?.headers.get("webhook-signature")).toBe(`v1,${mac}`);
    expect(JSON.parse(saved?.body ?? "")).toMatchObject({
      type: "upload.saved",
      data: { path: "a b.txt", size: 5, by: { account: "alice", via: "token" } },
    });
    expect(JSON.parse(received[1]?.body ?? "")).toMatchObject({ type: "entry.deleted" });
  });

  test("is not told of other folders, and a redirect is not followed", async () => {
    answers = [
      () => Response.redirect(`${receiver.url}elsewhere`),
      () => new Response(null, { status: 410 }),
    ];
    await using _ = await hooks({ events: ["upload.saved"], path: checkFolderPath("in") });
    await ask("PUT", "/files/inbox/x", "1");
    await ask("PUT", "/files/in/y", "1");
    await until("an event", () => received.length === 1);
    expect(JSON.parse(received[0]?.body ?? "").data.path).toBe("in/y");
  });

  test("is tried again with the same id, also by the next start of the server", async () => {
    const { access } = server.app.decorator.services;
    await using _ = await hooks({ events: ["upload.saved"] });
    answers = [() => new Response("busy", { status: 503 })];
    await ask("PUT", "/files/again", "1");
    await until("it is recorded", () => access.deliveries().some(({ attempts }) => attempts === 1));
    // Another engine on the same database is the next start.
    const [waiting] = access.deliveries();
    if (!waiting) throw new Error("Nothing waits");
    await access.change("retryDelivery", { id: waiting.id, attempts: 1, due: 0 });
    const next = new Hooks({ access, root: server.root, warn: () => {} });
    await until("it is delivered", () => received.length >= 2);
    await until("it is forgotten", () => access.deliveries().length === 0);
    await next.close();
    expect(new Set(received.map(({ headers }) => headers.get("webhook-id"))).size).toBe(1);
  });
});

describe("a command", () => {
  test("gets hostile names as they are, in its environment, without a shell", async () => {
    const out = join(folder, "out");
    const target = await script(
      "record",
      `printf '%s|%s|%s' "$SLUICE_EVENT" "$SLUICE_PATH" "$SLUICE_ACCOUNT" > ${out}`,
    );
    await using _ = await hooks({ events: ["upload.saved"], kind: "command", target });
    await ask("PUT", `/files/${encodeURIComponent("$(touch pwned);`x`'\"")}`, "1");
    await until("it has run", () => Bun.file(out).size > 0);
    expect(await Bun.file(out).text()).toBe("upload.saved|$(touch pwned);`x`'\"|alice");
  });

  test("does not see the server's environment", async () => {
    process.env.SLUICE_OIDC_SECRET = "canary";
    const out = join(folder, "env");
    await using _ = await hooks({
      events: ["upload.saved"],
      kind: "command",
      target: await script("environment", `env > ${out}.part; mv ${out}.part ${out}`),
    });
    await ask("PUT", "/files/env", "1");
    await until("it has run", () => Bun.file(out).size > 0);
    expect(await Bun.file(out).text()).not.toContain("canary");
    delete process.env.SLUICE_OIDC_SECRET;
  });
});

describe("before an upload", () => {
  test("a command may refuse it with a sentence; nothing is saved", async () => {
    const target = await script(
      "refuse",
      'case "$SLUICE_PATH" in *.exe) echo "Programs are not taken here."; exit 1;; esac',
    );
    await using _ = await hooks({ events: ["upload.before"], kind: "command", target });
    const refused = await problemIn(await ask("PUT", "/files/x.exe", "MZ"), "hook_refused");
    expect(refused.detail).toBe("Programs are not taken here.");
    expect((await ask("PUT", "/files/x.txt", "text")).status).toBe(201);
    const form = new FormData();
    form.append("file", new Blob(["MZ"]), "y.exe");
    form.append("file", new Blob(["ok"]), "y.txt");
    const answer = await server.fetch("/files/", {
      method: "POST",
      body: form,
      headers: bearer(token),
    });
    expect(answer.status).toBe(207);
    const tus = { ...TUS, "upload-length": "2", ...bearer(token) };
    await problemIn(
      await server.fetch("/uploads?path=z.exe", { method: "POST", headers: tus }),
      "hook_refused",
    );
    expect((await ask("HEAD", "/files/x.exe")).status).toBe(404);
  });

  test("a webhook may refuse it; one that gives no answer stops it", async () => {
    await using _ = await hooks({ events: ["upload.before"] });
    answers = [
      () => Response.json({ detail: "Not today." }, { status: 403 }),
      () => new Response(null, { status: 500 }),
    ];
    expect((await problemIn(await ask("PUT", "/files/w", "1"), "hook_refused")).detail).toBe("Not today.");
    await problemIn(await ask("PUT", "/files/w", "1"), "hook_failed");
    expect((await ask("PUT", "/files/w", "1")).status).toBe(201);
  });

  test("a command that does not end is killed", async () => {
    await using _ = await hooks({
      events: ["upload.before"],
      kind: "command",
      target: await script("endless", "while :; do sleep 0.05; done"),
      timeout: 1,
    });
    await problemIn(await ask("PUT", "/files/late", "1"), "hook_failed");
  });
});

test("the audit log has a line for each change and refusal, and is private", async () => {
  await ask("PUT", "/files/audited", "1");
  await server.fetch("/files/audited", { method: "DELETE" });
  const deep = `/files/${"a".repeat(200)}/${"b".repeat(200)}`;
  await server.fetch(deep);
  const file = join(server.root, ".sluice/audit.jsonl");
  const lines = async () =>
    (await Bun.file(file).text())
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  const refused = async () => (await lines()).filter(({ result }) => result === "login_required");
  await until("the lines of both refusals", async () => (await refused()).length >= 2);
  expect(await lines()).toContainEqual(
    expect.objectContaining({ who: "alice", via: "token", did: "saved", path: "audited", result: "ok" }),
  );
  expect((await refused()).slice(-2)).toMatchObject([
    { who: null, did: "DELETE", path: "/files/audited" },
    { who: null, did: "GET", path: deep.slice(0, 256) },
  ]);
  expect((await Bun.file(file).stat()).mode & 0o777).toBe(0o600);
});
