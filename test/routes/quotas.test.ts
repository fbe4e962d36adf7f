// Quotas by folder over HTTP: every way of uploading and changing files counts, and an upload that does not fit is refused at once.

import { expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { QuotaRule } from "../../src/core/admission/quota/quota.ts";
import { checkFolderPath } from "../../src/path.ts";
import { Me } from "../../src/routes/openapi/access-shapes.ts";
import { BatchResult, Job, Trash } from "../../src/routes/openapi/change-shapes.ts";
import { Usage } from "../../src/routes/openapi/shapes.ts";
import { bearer, startAccessServer } from "../support/access.ts";
import { bodyIn } from "../support/answer.ts";
import { problemIn } from "../support/problem.ts";
import { connect } from "../support/raw.ts";
import { type ServerOptions, startServer, type TestServer, until } from "../support/server.ts";
import { TUS, tusClient } from "../support/tus-client.ts";

const MONTH = 30 * 86_400;
const rules = (sizes: Record<string, number>): QuotaRule[] =>
  Object.entries(sizes).map(([path, bytes]) => ({ path: checkFolderPath(path), bytes }));
const bytes = (size: number): string => "x".repeat(size);
const put = (server: TestServer, path: string, size: number) =>
  server.fetch(`/files/${path}`, { method: "PUT", body: bytes(size) });
const post = (server: TestServer, path: string, body: unknown) =>
  server.fetch(path, { method: "POST", body: JSON.stringify(body) });
const remove = (server: TestServer, path: string) =>
  server.fetch(`/files/${path}?recursive=true`, { method: "DELETE" });

/** Bytes used and reserved in a folder, which must be those that the folder has. */
async function stateOf(server: TestServer, folder: string): Promise<[used: number, reserved: number]> {
  await server.app.decorator.services.uploader.quotas.measuring.idle();
  const usage = await bodyIn(Usage, await server.fetch(`/api/usage?folder=${folder}`));
  expect(usage.quota).toMatchObject({ folder, used: usage.bytes, measured: true });
  return [usage.quota?.used ?? Number.NaN, usage.quota?.reserved ?? Number.NaN];
}

/** A root that outlives its servers. */
async function withRoot(step: (start: (options: ServerOptions) => Promise<TestServer>) => Promise<void>) {
  const root = await mkdtemp(join(tmpdir(), "sluice-test-"));
  try {
    await step((options) => startServer({ root, ...options }));
  } finally {
    await rm(root, { recursive: true });
  }
}

test("with every way of uploading, the second upload of 60 % is refused when it is created (sftpgo#128)", async () => {
  await using server = await startServer({ quotas: rules({ a: 1000 }) });
  const client = tusClient(server);
  expect((await put(server, "a/empty", 0)).status).toBe(201);
  const created = await client.post({ "upload-length": "600" }, null, "?path=a/1");
  expect(created.status).toBe(201);
  const { detail } = await problemIn(await put(server, "a/2", 600), "quota_exceeded");
  expect(detail).toBe(
    "The folder `a` has a quota of 1kB, of which 0 B are used and 600 B reserved by unfinished uploads and copies. 600 B does not fit: delete files in it, or ask for a larger quota.",
  );
  await problemIn(await client.post({ "upload-length": "600" }, null, "?path=a/2"), "quota_exceeded");
  const ietf = { "upload-draft-interop-version": "8", "upload-complete": "?0", "upload-length": "600" };
  const draft = await server.fetch("/uploads?path=a/2", { method: "POST", headers: ietf });
  await problemIn(draft, "quota_exceeded");
  const form = new FormData();
  form.append("file", new File([bytes(600)], "2"));
  const posted = await server.fetch("/files/a/", { method: "POST", body: form });
  await problemIn(posted, "quota_exceeded");
  const raw = await server.fetch("/files/a/?name=2", { method: "POST", body: bytes(600) });
  await problemIn(raw, "quota_exceeded");
  expect((await put(server, "ab/2", 600)).status).toBe(201);
  expect(await stateOf(server, "a")).toEqual([0, 600]);
  const location = created.headers.get("location") ?? "";
  expect((await client.patch(location, 0, bytes(600))).status).toBe(204);
  expect(await stateOf(server, "a")).toEqual([600, 0]);
  const small = new FormData();
  for (const name of ["2", "3"]) small.append("file", new File([bytes(200)], name));
  expect((await server.fetch("/files/a/", { method: "POST", body: small })).status).toBe(201);
  expect(await stateOf(server, "a")).toEqual([1000, 0]);
});

test("waiting uploads keep what they have reserved over a restart, and give it back when they are cancelled", async () => {
  await withRoot(async (start) => {
    const quotas = rules({ a: 1000 });
    const before = await start({ quotas });
    const client = tusClient(before);
    expect((await put(before, "a/1", 100)).status).toBe(201);
    const created = await client.post({ "upload-length": "600" }, null, "?path=a/2");
    const url = created.headers.get("location") ?? "";
    await before.stop();
    await using server = await start({ quotas });
    await problemIn(await put(server, "a/3", 600), "quota_exceeded");
    expect(await stateOf(server, "a")).toEqual([100, 600]);
    expect((await tusClient(server).cancel(url)).status).toBe(204);
    expect(await stateOf(server, "a")).toEqual([100, 0]);
    expect((await put(server, "a/3", 600)).status).toBe(201);
  });
});

test("of 50 uploads at once, exactly those that fit are saved", async () => {
  await using server = await startServer({ quotas: rules({ "": 10_000, a: 1000 }) });
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) => put(server, `a/${index}`, 90 + (index % 2))),
  );
  const saved = answers.filter(({ status }) => status === 201);
  expect(saved.length).toBeGreaterThanOrEqual(10);
  for (const answer of answers) if (answer.status !== 201) await problemIn(answer, "quota_exceeded");
  const [used, reserved] = await stateOf(server, "a");
  expect(reserved).toBe(0);
  expect(used).toBeLessThanOrEqual(1000);
  expect(used).toBeGreaterThan(1000 - 90);
  expect(await stateOf(server, "")).toEqual([used, 0]);
});

test("a client that goes in the middle of an upload leaves nothing reserved", async () => {
  await using server = await startServer({ quotas: rules({ a: 1000 }) });
  const { quotas } = server.app.decorator.services.uploader;
  {
    using connection = await connect(server.url);
    await connection.send("PUT /files/a/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\nsome");
    await until("it is reserved", () => quotas.report(checkFolderPath("a"))?.reserved === 900);
    await problemIn(await put(server, "a/2", 200), "quota_exceeded");
  }
  await until("it is given back", () => quotas.claims === 0);
  expect((await put(server, "a/2", 200)).status).toBe(201);
  expect(await stateOf(server, "a")).toEqual([200, 0]);
});

test("copies, moves, removals, the trash and batches count", async () => {
  await using server = await startServer({
    quotas: rules({ a: 1000, "a/inner": 500, b: 300 }),
    trash: MONTH,
  });
  for (const path of ["a/1", "a/inner/1", "a/folder/1", "b/1"])
    expect((await put(server, path, 200)).status).toBe(201);
  expect(await stateOf(server, "a")).toEqual([600, 0]);
  // A copy needs its bytes once more; a move only where they did not count yet.
  await problemIn(await post(server, "/api/copy", { from: "a/1", to: "b/2" }), "quota_exceeded");
  await problemIn(await post(server, "/api/move", { from: "a/1", to: "b/2" }), "quota_exceeded");
  await problemIn(await post(server, "/api/move", { from: "a/folder", to: "b/2" }), "quota_exceeded");
  expect((await post(server, "/api/move", { from: "a/folder", to: "a/inner/folder" })).status).toBe(201);
  expect([await stateOf(server, "a"), await stateOf(server, "a/inner")]).toEqual([
    [600, 0],
    [400, 0],
  ]);
  expect((await post(server, "/api/copy", { from: "a/1", to: "a/2" })).status).toBe(201);
  expect(await stateOf(server, "a")).toEqual([800, 0]);
  // A copy of a folder is a job.
  const copied = await post(server, "/api/copy", { from: "a/inner", to: "a/copy" });
  const job = copied.headers.get("location") ?? "";
  await until("the job has failed", async () => {
    const { state, error } = (await bodyIn(Job, await server.fetch(job))).job;
    return state === "failed" && error?.code === "quota_exceeded";
  });
  // Nothing in the trash counts, until it is restored.
  expect((await remove(server, "a/inner")).status).toBe(204);
  expect([await stateOf(server, "a"), await stateOf(server, "a/inner").catch(() => "gone")]).toEqual([
    [400, 0],
    "gone",
  ]);
  expect((await put(server, "a/3", 400)).status).toBe(201);
  const { entries } = await bodyIn(Trash, await server.fetch("/api/trash"));
  const id = entries[0]?.id ?? "";
  await problemIn(await post(server, "/api/trash/restore", { id }), "quota_exceeded");
  const operations = [
    { op: "delete", path: "a/3" },
    { op: "move", from: "a/2", to: "c/2" },
    { op: "copy", from: "c/2", to: "b/2" },
    { op: "move", from: "b/1", to: "a/4" },
  ];
  const batch = await post(server, "/api/batch", { operations });
  expect([batch.status, (await bodyIn(BatchResult, batch)).errors]).toEqual([
    207,
    [expect.objectContaining({ code: "quota_exceeded", pointer: "/operations/2" })],
  ]);
  expect([await stateOf(server, "a"), await stateOf(server, "b")]).toEqual([
    [400, 0],
    [0, 0],
  ]);
  expect((await post(server, "/api/trash/restore", { id })).status).toBe(201);
  expect([await stateOf(server, "a"), await stateOf(server, "a/inner")]).toEqual([
    [800, 0],
    [400, 0],
  ]);
});

test("a folder comes back from the trash only if it fits into the quotas of the folders in it", async () => {
  await using server = await startServer({ quotas: rules({ "a/inner": 1000 }), trash: 3600 });
  const { quotas } = server.app.decorator.services.uploader;
  expect((await put(server, "a/inner/1", 600)).status).toBe(201);
  expect((await remove(server, "a")).status).toBe(204);
  const { entries } = await bodyIn(Trash, await server.fetch("/api/trash"));
  const restore = () => post(server, "/api/trash/restore", { id: entries[0]?.id });
  quotas.set(rules({ "a/inner": 500 }));
  await problemIn(await restore(), "quota_exceeded");
  quotas.set(rules({ "a/inner": 1000 }));
  expect((await restore()).status).toBe(201);
  expect(await stateOf(server, "a/inner")).toEqual([600, 0]);
});

test("files that other programs wrote count from the start, and when the use of the folder is asked for", async () => {
  await withRoot(async (start) => {
    const none = await start({});
    await mkdir(join(none.root, "a/b"), { recursive: true });
    await writeFile(join(none.root, "a/b/1"), bytes(600));
    await none.stop();
    await using server = await start({ quotas: rules({ a: 1000 }) });
    await problemIn(await put(server, "a/2", 500), "quota_exceeded");
    await writeFile(join(server.root, "a/3"), bytes(300));
    const { uploader } = server.app.decorator.services;
    await server.fetch("/api/usage?folder=a");
    await uploader.quotas.measuring.idle();
    expect(await stateOf(server, "a")).toEqual([900, 0]);
    await problemIn(await put(server, "a/2", 101), "quota_exceeded");
    uploader.quotas.set(rules({ a: 1001, "a/b": 600 }));
    expect((await put(server, "a/2", 101)).status).toBe(201);
    await problemIn(await put(server, "a/b/2", 1), "quota_exceeded");
  });
});

test("--keep-free and a quota: both must have room, and a refusal by one leaves nothing reserved in the other", async () => {
  await using server = await startServer({ quotas: rules({ a: 1000 }), keepFree: 2 ** 50 });
  await problemIn(await put(server, "a/1", 600), "storage_full");
  await problemIn(await put(server, "a/1", 1001), "quota_exceeded");
  const created = await server.fetch("/uploads?path=a/1", {
    method: "POST",
    headers: { ...TUS, "upload-length": "600" },
  });
  await problemIn(created, "storage_full");
  expect(server.app.decorator.services.uploader.quotas.claims).toBe(0);
  expect(server.app.decorator.services.uploader.quotas.report(checkFolderPath("a"))).toMatchObject({
    used: 0,
    reserved: 0,
  });
});

test("a quota that `sluice quota` sets applies without a restart, and no longer once it is removed", async () => {
  await using server = await startServer();
  const { access } = server.app.decorator.services;
  expect((await put(server, "a/1", 100)).status).toBe(201);
  await access.change("setQuota", { path: "a", bytes: 150 });
  await problemIn(await put(server, "a/2", 100), "quota_exceeded");
  expect(await stateOf(server, "a")).toEqual([100, 0]);
  await access.change("setQuota", { path: "a", bytes: 200 });
  expect((await put(server, "a/2", 100)).status).toBe(201);
  await problemIn(await put(server, "a/3", 1), "quota_exceeded");
  await access.change("setQuota", { path: "a", bytes: null });
  expect((await put(server, "a/3", 100)).status).toBe(201);
  expect((await bodyIn(Usage, await server.fetch("/api/usage?folder=a"))).quota).toBeUndefined();
});

test("GET /api/me and /api/usage tell what is left, to those who may write or list there", async () => {
  let token = "";
  await using server = await startAccessServer((database) => {
    database.account("anna", { "homes/anna": "read,write", "homes/anna/inbox": "write" });
    token = database.token("anna");
    database.change("setQuota", { path: checkFolderPath("homes"), bytes: 1000 });
  });
  const headers = bearer(token);
  const quotaIn = async (folder: string, init: RequestInit = { headers }) =>
    (await bodyIn(Me, await server.fetch(`/api/me?folder=${folder}`, init))).quota;
  const sent = { method: "PUT", body: bytes(600), headers };
  expect((await server.fetch("/files/homes/anna/1", sent)).status).toBe(201);
  await problemIn(await server.fetch("/files/homes/anna/2", sent), "quota_exceeded");
  const left = { folder: "homes", bytes: 1000, used: 600, reserved: 0, measured: true };
  expect([await quotaIn("homes/anna"), await quotaIn("homes/anna/inbox")]).toEqual([left, left]);
  expect([await quotaIn("homes"), await quotaIn("homes/anna", {})]).toEqual([undefined, undefined]);
  const usage = await bodyIn(Usage, await server.fetch("/api/usage?folder=homes/anna", { headers }));
  expect(usage).toMatchObject({ bytes: 600, quota: left });
});
