// POST /api/copy and /api/jobs: immediate and background copies, cancellation, failures, limits, shutdown.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { Grant } from "../../../src/config/config.ts";
import { Job, Jobs } from "../../../src/routes/openapi/change-shapes.ts";
import { Entry } from "../../../src/routes/openapi/shapes.ts";
import { MemoryStorage } from "../../../src/storage/memory/memory.ts";
import { bodyIn } from "../../support/answer.ts";
import { problemIn } from "../../support/problem.ts";
import { startServer, type TestServer, until } from "../../support/server.ts";

const copyAt = (at: TestServer, from: string, to: string, conflict?: string, prefer = "") =>
  at.fetch("/api/copy", {
    method: "POST",
    body: JSON.stringify({ from, to, ...(conflict && { conflict }) }),
    headers: { "content-type": "application/json", prefer },
  });
const jobAt = async (at: TestServer, location: string) => (await bodyIn(Job, await at.fetch(location))).job;
const locationOf = (answer: Response): string => answer.headers.get("location") ?? "";

describe("on the disk", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());
  afterEach(async () => {
    expect(await readdir(join(server.root, ".sluice/uploads"))).toEqual([]);
  });

  const copy = (from: string, to: string, conflict?: string, prefer?: string) =>
    copyAt(server, from, to, conflict, prefer);
  const put = (path: string, text = path) => Bun.write(join(server.root, path), text);
  const textOf = (path: string) => Bun.file(join(server.root, path)).text();

  /** The job of a response, after it has ended. */
  async function ended(answer: Response) {
    expect(answer.status).toBe(202);
    const location = locationOf(answer);
    expect(location).toMatch(/^\/api\/jobs\/[\w-]+$/);
    await until("the job has ended", async () => {
      const { state } = await jobAt(server, location);
      return state !== "waiting" && state !== "running";
    });
    return await jobAt(server, location);
  }

  test("a file is copied before the answer, with the conflict policies of moves, and one log line", async () => {
    await put("a.txt", "bytes");
    const answer = await copy("a.txt", "b/c.txt");
    expect(answer.status).toBe(201);
    expect(answer.headers.get("location")).toBe("/files/b/c.txt");
    expect(await bodyIn(Entry, answer)).toMatchObject({ path: "b/c.txt", kind: "file", size: 5 });
    expect(await textOf("b/c.txt")).toBe("bytes");
    expect(await textOf("a.txt")).toBe("bytes");
    expect(server.log.filter((line) => line.includes("copied a.txt to b/c.txt · by 127.0.0.1"))).toHaveLength(
      1,
    );
    expect(await bodyIn(Entry, await copy("a.txt", "b/c.txt"))).toMatchObject({
      name: "c (1).txt",
      renamedFrom: "c.txt",
    });
    expect(await bodyIn(Entry, await copy("a.txt", "a.txt"))).toMatchObject({ name: "a (1).txt" });
    await problemIn(await copy("a.txt", "b/c.txt", "fail"), "name_taken");
    await put("new.txt", "new");
    expect((await copy("new.txt", "b/c.txt", "replace")).status).toBe(200);
    expect(await textOf("b/c.txt")).toBe("new");
  });

  test("a folder is copied in the background and appears atomically", async () => {
    for (const path of ["f/1", "f/g/2", "f/g/.3"]) await put(path);
    await symlink("1", join(server.root, "f/link"));
    const job = await ended(await copy("f", "f 2"));
    expect(job).toMatchObject({ state: "done", from: "f", to: "f 2", bytes: 14, total: 14, skipped: 1 });
    expect(server.log.filter((line) => line.includes("copied f to f 2 without 1 link"))).toHaveLength(1);
    expect(job.entry).toMatchObject({ path: "f 2", kind: "folder", url: "/files/f%202/" });
    expect((await readdir(join(server.root, "f 2"), { recursive: true })).sort()).toEqual([
      "1",
      "g",
      "g/.3",
      "g/2",
    ]);
    expect(await textOf("f 2/g/.3")).toBe("f/g/.3");
    const again = await ended(await copy("f", "f 2"));
    expect(again.entry).toMatchObject({ path: "f 2 (1)", renamedFrom: "f 2" });
    const { jobs } = await bodyIn(Jobs, await server.fetch("/api/jobs"));
    expect(jobs).toEqual(expect.arrayContaining([job, again]));
  });

  test("a small file is copied in the background if the client prefers that", async () => {
    await put("p");
    const answer = await copy("p", "p2", "fail", "respond-async, wait=10");
    expect(answer.headers.get("preference-applied")).toBe("respond-async");
    expect(await ended(answer)).toMatchObject({ state: "done", bytes: 1, total: 1, entry: { path: "p2" } });
  });

  test("an impossible copy is refused immediately", async () => {
    await put("x/y");
    await put("x/z");
    await put("file");
    await symlink("x", join(server.root, "way"));
    for (const [from, to, code, conflict] of [
      ["none", "new", "not_found"],
      ["x", "x/inner/x", "into_itself"],
      ["x/y", "x/y", "into_itself", "replace"],
      ["x", "file", "name_taken", "replace"],
      ["x", "x", "name_taken", "fail"],
      ["x/y", "x/z", "name_taken", "fail"],
      ["x/y", "x", "name_taken", "fail"],
      ["x/y", "x", "is_folder", "replace"],
      ["x", "file/x", "not_a_folder"],
      ["way", "new", "link_in_path"],
      ["way/y", "new", "link_in_path"],
      ["x", "way/new", "link_in_path"],
      ["x", ".sluice/new", "invalid_path"],
    ] as const)
      await problemIn(await copy(from, to, conflict), code);
    expect((await readdir(join(server.root, "x"))).sort()).toEqual(["y", "z"]);
  });

  test("an unknown job is not found", async () => {
    for (const method of ["GET", "DELETE"])
      await problemIn(await server.fetch("/api/jobs/none", { method }), "not_found");
  });

  test("--keep-free applies to immediate and background copies", async () => {
    const { bavail, bsize } = await import("node:fs").then(({ statfsSync }) => statfsSync(server.root));
    await using full = await startServer({ keepFree: bavail * bsize * 2 });
    await Bun.write(join(full.root, "a/b"), "x");
    await problemIn(await copyAt(full, "a/b", "c"), "storage_full");
    const location = locationOf(await copyAt(full, "a", "c"));
    await until("it failed", async () => (await jobAt(full, location)).state === "failed");
    expect((await jobAt(full, location)).error).toMatchObject({ code: "storage_full" });
    expect((await readdir(full.root)).sort()).toEqual([".sluice", "a"]);
    expect(await readdir(join(full.root, ".sluice/uploads"))).toEqual([]);
  });

  test("without the grant replace no file can be replaced", async () => {
    const allow = new Set<Grant>(["read", "write"]);
    await using careful = await startServer({ allow });
    for (const name of ["a", "b"]) await Bun.write(join(careful.root, name), name);
    await problemIn(await copyAt(careful, "a", "b", "replace"), "not_allowed");
    expect(await Bun.file(join(careful.root, "b")).text()).toBe("b");
  });
});

describe("in the background, on a storage that pauses", () => {
  /** A server whose storage pauses at every write until it is released. */
  async function slow() {
    let gate = Promise.withResolvers<void>();
    gate.resolve();
    const storage = new MemoryStorage({ delay: (step) => (step === "write" ? gate.promise : undefined) });
    const server = await startServer({ storage });
    for (const name of ["1", "2"]) await server.fetch(`/files/a/${name}`, { method: "PUT", body: "12345" });
    gate = Promise.withResolvers();
    const start = async () => locationOf(await copyAt(server, "a", "b"));
    const state = async (location: string) => (await jobAt(server, location)).state;
    const paths = () => [...storage.contents.folders.keys()].sort();
    return { server, start, state, paths, go: () => gate.resolve() };
  }

  test("two jobs run, others are queued, and too many are refused", async () => {
    const { server, start, state, go, paths } = await slow();
    await using _ = server;
    const all: string[] = [];
    for (let index = 0; index < 32; index += 1) all.push(await start());
    expect(await Promise.all(all.slice(0, 3).map(state))).toEqual(["running", "running", "waiting"]);
    await until("its bytes are told", async () => (await jobAt(server, all[0] ?? "")).total === 10);
    expect(await jobAt(server, all[0] ?? "")).toMatchObject({ bytes: 5, total: 10 });
    const refused = await copyAt(server, "a", "b");
    await problemIn(refused, "too_many_jobs");
    expect(refused.headers.get("retry-after")).toBe("10");
    go();
    await until("all are done", async () => (await Promise.all(all.map(state))).every((is) => is === "done"));
    expect(paths()).toHaveLength(2 + 32);
    expect(server.app.decorator.services.uploader.slots.taken).toBe(0);
  });

  test("running and queued jobs can be cancelled, and ended ones removed", async () => {
    const { server, start, state, go, paths } = await slow();
    await using _ = server;
    const [first, second, third] = [await start(), await start(), await start()];
    const cancel = (location: string) => server.fetch(location, { method: "DELETE" });
    expect((await cancel(third)).status).toBe(204);
    expect(await state(third)).toBe("cancelled");
    // Not by a request, which could arrive after the end of the job.
    const cancelling = server.app.decorator.services.jobs.cancel(first.replace("/api/jobs/", ""));
    go();
    await cancelling;
    expect(await state(first)).toBe("cancelled");
    await until("the other is done", async () => (await state(second)) === "done");
    expect(paths()).toEqual(["", "a", "b"]);
    for (const location of [first, second, third]) {
      expect((await cancel(location)).status).toBe(204);
      await problemIn(await server.fetch(location), "not_found");
    }
    expect((await server.fetch("/files/b/1")).status).toBe(200);
    expect(server.app.decorator.services.uploader.slots.taken).toBe(0);
  });

  test("a shutdown stops them and leaves no partial copies", async () => {
    const { server, start, go, paths } = await slow();
    for (let index = 0; index < 4; index += 1) await start();
    expect(server.app.decorator.services.jobs.unfinished).toBe(4);
    const { jobs } = server.app.decorator.services;
    const stopping = server.stop();
    await until("those that wait are ended", () => jobs.reports().some(({ state }) => state === "cancelled"));
    go();
    await stopping;
    expect(paths()).toEqual(["", "a"]);
    expect(jobs.unfinished).toBe(0);
  });
});
