// Locks and requests at the same instant, uploads that were begun before, and a restart.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { davClient, holding, lockAt, propfind, requestLock, unlock } from "../../support/dav.ts";
import { problemIn } from "../../support/problem.ts";
import { startServer, type TestServer } from "../../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const { write, textOf, send } = davClient(() => server);

describe("at the same instant", () => {
  test("of two LOCKs one is granted, also of a path without an entry", async () => {
    await write("race.txt");
    for (const path of ["race.txt", "race-new.txt"])
      for (let round = 0; round < 10; round += 1) {
        const answers = await Promise.all([1, 2, 3].map(() => requestLock(server, path)));
        const granted = answers.filter(({ status }) => status < 300);
        expect(granted.map(({ status }) => status)).toEqual([path === "race.txt" || round > 0 ? 200 : 201]);
        expect(answers.filter(({ status }) => status === 423)).toHaveLength(2);
        const token = granted[0]?.headers.get("lock-token")?.slice(1, -1) ?? "";
        expect((await unlock(server, path, token)).status).toBe(204);
      }
  });

  test("a PUT beside LOCK is before it or refused: never after it without the token", async () => {
    for (let round = 0; round < 20; round += 1) {
      const path = `beside-${round}.txt`;
      await write(path, "old");
      const put = send("PUT", `/files/${path}`, {}, "new");
      const locked = await requestLock(server, path);
      const then = await textOf(path);
      const { status } = await put;
      expect(locked.status).toBe(200);
      expect([200, 423]).toContain(status);
      // After LOCK was answered, nothing has changed the file.
      expect(await textOf(path)).toBe(then);
      expect(then).toBe(status === 200 ? "new" : "old");
    }
  });

  test("a PUT beside UNLOCK is saved as a whole or refused", async () => {
    for (let round = 0; round < 20; round += 1) {
      await write("unlocked.txt", "old");
      const token = await lockAt(server, "unlocked.txt");
      const [put, released] = await Promise.all([
        send("PUT", "/files/unlocked.txt", {}, "new"),
        unlock(server, "unlocked.txt", token),
      ]);
      expect(released.status).toBe(204);
      expect(await textOf("unlocked.txt")).toBe(put.status === 200 ? "new" : "old");
      expect([200, 423]).toContain(put.status);
    }
  });
});

test("a resumable upload that ends at a locked file is kept, and ends when the lock is released", async () => {
  await write("resumed.txt");
  const tus = { "tus-resumable": "1.0.0" };
  const metadata = `filename ${btoa("resumed.txt")}`;
  const created = await send("POST", "/uploads?conflict=replace", {
    ...tus,
    "upload-length": "3",
    "upload-metadata": metadata,
  });
  expect(created.status).toBe(201);
  const url = new URL(created.headers.get("location") ?? "", server.url).pathname;
  const token = await lockAt(server, "resumed.txt");
  const patch = (offset: string, body: string) =>
    send(
      "PATCH",
      url,
      { ...tus, "upload-offset": offset, "content-type": "application/offset+octet-stream" },
      body,
    );
  await problemIn(await patch("0", "new"), "locked");
  expect(await textOf("resumed.txt")).toBe("old");
  await unlock(server, "resumed.txt", token);
  const head = await send("HEAD", url, tus);
  expect([head.status, head.headers.get("upload-offset")]).toEqual([200, "3"]);
  expect(await textOf("resumed.txt")).toBe("new");
});

test("a lock survives a restart, and its token still counts", async () => {
  const root = await mkdtemp(join(tmpdir(), "sluice-locks-"));
  try {
    const first = await startServer({ root });
    const token = await lockAt(first, "a.txt", { owner: "me" });
    await first.stop();
    await using second = await startServer({ root });
    expect((await second.fetch("/files/a.txt", { method: "PUT", body: "x" })).status).toBe(423);
    expect(await propfind(second, "a.txt", "<D:lockdiscovery/>")).toContain("<D:owner>me</D:owner>");
    const put = { method: "PUT", body: "x", headers: holding(token) };
    expect((await second.fetch("/dav/a.txt", put)).status).toBe(204);
    expect((await unlock(second, "a.txt", token)).status).toBe(204);
  } finally {
    await rm(root, { recursive: true });
  }
});
