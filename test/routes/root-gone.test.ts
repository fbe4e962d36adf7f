// A root that goes away while it is served, and one that cannot be written to at the start: nothing is saved into a folder
// that nobody looks at, and both come back without a restart.

import { expect, test } from "bun:test";
import { chmod, chown, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Mount, whyNoMounts } from "../storage/disk/faults.ts";
import { problemIn } from "../support/problem.ts";
import { startServer, type TestServer, until } from "../support/server.ts";
import { listening, NOBODY, spawnAs, whyNotNobody } from "../support/spawn.ts";
import { skipped } from "../support/switches.ts";

const noMounts = await whyNoMounts("/var/tmp");
if (noMounts) skipped("roots that are mounted", noMounts, "run it as root on Linux");
const notNobody = await whyNotNobody();
if (notNobody !== null) skipped("roots of another owner", notNobody);

const TUS = { "Tus-Resumable": "1.0.0" };
const patch = (server: Pick<TestServer, "fetch">, url: string, offset: number, body: string) =>
  server.fetch(url, {
    method: "PATCH",
    headers: { ...TUS, "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" },
    body,
  });
const create = async (server: Pick<TestServer, "fetch">, path: string, length: number): Promise<Response> =>
  await server.fetch(`/uploads?path=${path}`, {
    method: "POST",
    headers: { ...TUS, "Upload-Length": String(length) },
  });

/** Sends every kind of change; each must be refused. `upload` is a tus upload that has 2 bytes. */
async function expectRefused(server: TestServer, upload: string): Promise<void> {
  const form = new FormData();
  form.set("file", new File(["x"], "form.txt"));
  const json = (body: object): RequestInit => ({ method: "POST", body: JSON.stringify(body) });
  const changes: [path: string, init: RequestInit][] = [
    ["/files/put", { method: "PUT", body: "x" }],
    ["/files/new/put", { method: "PUT", body: "x" }],
    ["/files/?name=post", { method: "POST", body: "x", headers: { "content-type": "text/plain" } }],
    ["/files/kept", { method: "DELETE" }],
    ["/api/folders", json({ path: "folder" })],
    ["/api/move", json({ from: "kept", to: "moved" })],
    ["/api/copy", json({ from: "kept", to: "copied" })],
    ["/uploads?path=other", { method: "POST", headers: { ...TUS, "Upload-Length": "4" } }],
  ];
  for (const [path, init] of changes) await problemIn(await server.fetch(path, init), "storage_gone");
  await problemIn(await patch(server, upload, 2, "cd"), "storage_gone");
  const answer = await server.fetch("/files/", { method: "POST", body: form });
  expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining("storage_gone")]);
}

/** Keeps a file and an unfinished upload, makes the root go away, and lets it come back. */
async function served(
  go: (server: TestServer) => Promise<() => Promise<void>>,
  server: TestServer,
): Promise<void> {
  expect((await server.fetch("/files/kept", { method: "PUT", body: "kept" })).status).toBe(201);
  const upload = (await create(server, "tus", 4)).headers.get("location") ?? "";
  expect((await patch(server, upload, 0, "ab")).status).toBe(204);
  const back = await go(server);
  await expectRefused(server, upload);
  await back();
  expect((await readdir(server.root)).sort()).toEqual([".sluice", "kept"]);
  expect((await patch(server, upload, 2, "cd")).status).toBe(204);
  expect(await (await server.fetch("/files/tus")).text()).toBe("abcd");
  expect((await server.fetch("/files/put", { method: "PUT", body: "x" })).status).toBe(201);
}

test("nothing is written into a root that was moved, with and without another folder in its place", async () => {
  for (const replaced of [false, true]) {
    await using server = await startServer();
    const { root } = server;
    await served(async () => {
      await rename(root, `${root}-moved`);
      if (replaced) await mkdir(root);
      return async () => {
        if (replaced) expect(await readdir(root)).toEqual([]);
        if (replaced) await rm(root, { recursive: true });
        await rename(`${root}-moved`, root);
      };
    }, server);
  }
});

test("an upload that began before the root went is refused at its end", async () => {
  await using server = await startServer();
  const { root } = server;
  const gate = Promise.withResolvers<void>();
  const body = new ReadableStream({
    async start(controller) {
      controller.enqueue(new TextEncoder().encode("begun"));
      await gate.promise;
      controller.close();
    },
  });
  const saving = server.fetch("/files/put", { method: "PUT", body });
  await until("it is received", async () => (await readdir(join(root, ".sluice", "uploads"))).length > 0);
  await rename(root, `${root}-moved`);
  gate.resolve();
  await problemIn(await saving, "storage_gone");
  expect(await readdir(`${root}-moved`)).toEqual([".sluice"]);
  await rename(`${root}-moved`, root);
});

test.skipIf(noMounts !== null)(
  "nothing is written into a detached mount, nor into the folder below it",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-mounted-"));
    const source = await mkdtemp(join(tmpdir(), "sluice-source-"));
    const bind = async (): Promise<void> => {
      expect(await Bun.spawn(["mount", "--bind", source, folder]).exited).toBe(0);
    };
    await bind();
    try {
      await using server = await startServer({ root: folder });
      await served(async () => {
        expect(await Bun.spawn(["umount", "-l", folder]).exited).toBe(0);
        return async () => {
          expect(await readdir(folder)).toEqual([]);
          await bind();
        };
      }, server);
    } finally {
      await Bun.spawn(["umount", "-l", folder]).exited;
      for (const made of [folder, source]) await rm(made, { recursive: true });
    }
  },
);

test.skipIf(notNobody !== null)(
  "a root of another owner is served for reading, and written to once its owner is right",
  async () => {
    const root = await mkdtemp(join(tmpdir(), "sluice-owned-"));
    try {
      // An upload of an earlier run waits in it.
      await Bun.write(join(root, "kept"), "kept");
      const own = (uid: number) => Bun.spawn(["chown", "-R", `${uid}:${uid}`, root]).exited;
      await own(NOBODY);
      let upload = "";
      const start = () =>
        listening(spawnAs(NOBODY, root, "--port", "0", "--keep-free", "0", "--allow", "read,write"));
      {
        await using server = await start();
        const at = { fetch: (path: string, init?: RequestInit) => fetch(server.url + path, init) };
        upload = (await create(at, "tus", 4)).headers.get("location") ?? "";
        expect((await patch(at, upload, 0, "ab")).status).toBe(204);
        server.signal("SIGTERM");
        await server.exited;
      }
      for (const parts of ["all of it", "the top only"]) {
        await (parts === "all of it" ? own(0) : chown(root, 0, 0));
        await Bun.spawn(["chmod", "755", root]).exited;
        await using server = await start();
        const at = { fetch: (path: string, init?: RequestInit) => fetch(server.url + path, init) };
        await until("it says so", () =>
          server.stderr.includes("Uploads and changes are refused: The server may not"),
        );
        expect(await (await at.fetch("/files/kept")).text()).toBe("kept");
        await problemIn(await at.fetch("/files/put", { method: "PUT", body: "x" }), "storage_read_only");
        expect((await at.fetch("/health")).status).toBe(503);
        const early = await at.fetch(upload, { method: "HEAD", headers: TUS });
        expect(early.status).toBe(parts === "all of it" ? 503 : 200);
        await own(NOBODY);
        await until("uploads are accepted", () => server.stderr.includes("The root can be written to now"));
        expect((await at.fetch(`/files/${parts.length}`, { method: "PUT", body: "x" })).status).toBe(201);
        const head = await at.fetch(upload, { method: "HEAD", headers: TUS });
        expect([head.status, head.headers.get("upload-offset")]).toEqual([200, "2"]);
        await until("it is healthy", async () => (await at.fetch("/health")).status === 200);
      }
    } finally {
      await rm(root, { recursive: true });
    }
  },
);

test.skipIf(notNobody !== null)("accounts that cannot be read open no door", async () => {
  const root = await mkdtemp(join(tmpdir(), "sluice-denied-"));
  try {
    await Bun.write(join(root, "kept"), "kept");
    await mkdir(join(root, ".sluice"), { mode: 0o700 });
    await chmod(root, 0o755);
    await using server = await listening(spawnAs(NOBODY, root, "--port", "0", "--keep-free", "0"));
    await problemIn(await fetch(`${server.url}/files/kept`), "login_required");
    expect(server.stderr).toContain("only --allow counts");
    // Once it can be seen that there are no accounts, the default holds.
    await rm(join(root, ".sluice"), { recursive: true });
    await until("it is served", async () => (await fetch(`${server.url}/files/kept`)).status === 200);
  } finally {
    await rm(root, { recursive: true });
  }
});

test.skipIf(noMounts !== null)(
  "a root that is mounted read-only at the start is written to once it is not",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-ro-"));
    for (const served of [false, true]) {
      await using mount = await Mount.tmpfs(folder, "size=4m");
      if (served) await (await startServer({ root: folder })).stop();
      await mount.remount("ro");
      await using server = await startServer({ root: folder });
      expect(server.log.filter((line) => line.includes("Uploads and changes are refused: "))).toHaveLength(1);
      await problemIn(await server.fetch("/files/a", { method: "PUT", body: "x" }), "storage_read_only");
      await mount.remount("rw");
      await until("uploads are accepted", () =>
        server.log.some((line) => line.includes("can be written to now")),
      );
      expect((await server.fetch("/files/a", { method: "PUT", body: "x" })).status).toBe(201);
    }
    await rm(folder, { recursive: true });
  },
);
