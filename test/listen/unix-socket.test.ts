// The file of a Unix socket: who may connect, what a start replaces, and what is left at the end.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { chmod, exists, link, lstat, mkdtemp, readdir, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Listeners } from "../../src/listen/listeners.ts";
import { clearStaleSocket } from "../../src/listen/unix-socket.ts";
import { startServer, type TestServer, until } from "../support/server.ts";
import { NOBODY, spawn, spawnAs, whyNotNobody } from "../support/spawn.ts";
import { skipped } from "../support/switches.ts";

let folder: string;
let path: string;
let sluice: TestServer;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-unix-"));
  path = join(folder, "a.sock");
  sluice = await startServer();
});
afterEach(async () => {
  await sluice.stop();
  await rm(folder, { recursive: true });
});

const open = (mode = 0o660) => Listeners.open(sluice.app, [{ kind: "unix", path, mode }]);
const health = async () => (await fetch("http://localhost/health", { unix: path })).status;

test.each([0o660, 0o600, 0o666])("its permissions are %o, whatever the umask", async (mode) => {
  const before = process.umask(0o027);
  await open(mode);
  expect(process.umask(before)).toBe(0o027);
  expect((await lstat(path)).mode & 0o777).toBe(mode);
  expect(await health()).toBe(200);
});

test.each([true, false])("it is removed when the server stops (by force: %p)", async (force) => {
  const listeners = await open();
  await listeners.stop(force);
  expect(await exists(path)).toBe(false);
});

test("one that a killed server has left is replaced", async () => {
  const root = await mkdtemp(join(folder, "root-"));
  const killed = spawn(root, "--listen", `unix:${path}`);
  await until("the socket exists", () => exists(path), 20);
  killed.signal("SIGKILL");
  await killed.exited;
  expect(await exists(path)).toBe(true);
  await open();
  expect(await health()).toBe(200);
});

/** Makes a socket at which nobody listens. */
async function leaveStale(): Promise<void> {
  // Bun removes the name that a socket was made with, so this one stays.
  const left = Bun.listen({ unix: join(folder, "left"), socket: { data: () => {} } });
  await rename(join(folder, "left"), path);
  left.stop(true);
}

test("a socket that has replaced a stale one since it was looked at is put back", async () => {
  await leaveStale();
  const clearing = clearStaleSocket(path);
  rmSync(path);
  using _ = Bun.listen({ unix: path, socket: { data: () => {}, open: (socket) => void socket.end("here") } });
  await expect(clearing).rejects.toThrow("Another server listens");
  const { promise, resolve } = Promise.withResolvers<string>();
  await Bun.connect({ unix: path, socket: { data: (_socket, bytes) => resolve(bytes.toString()) } });
  expect(await promise).toBe("here");
  expect(await readdir(folder)).toEqual(["a.sock"]);
});

test("of two servers that start at once where a killed one has left its socket, one listens and the other is refused", async () => {
  await using other = await startServer();
  for (let round = 0; round < 5; round++) {
    await leaveStale();
    const both = [sluice, other].map(({ app }) => Listeners.open(app, [{ kind: "unix", path, mode: 0o660 }]));
    const ends = await Promise.allSettled(both);
    expect(ends.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    for (const end of ends)
      if (end.status === "rejected") expect(String(end.reason)).toContain("Another server listens");
    expect(await health()).toBe(200);
    for (const end of ends) if (end.status === "fulfilled") await end.value.stop(true);
    expect(await readdir(folder)).toEqual([]);
  }
});

test("one at which a server listens stays, and that server goes on", async () => {
  await open();
  await expect(open()).rejects.toThrow(
    `Another server listens on the Unix socket ${path}: stop it, or choose another path with --listen.`,
  );
  expect(await health()).toBe(200);
});

test("a file, a folder and a link are never replaced, not even a link to a stale socket", async () => {
  await Bun.write(join(folder, "file"), "kept");
  for (const make of [
    () => Bun.write(path, "kept"),
    () => symlink(join(folder, "file"), path),
    () => symlink(join(folder, "nowhere"), path),
    () => link(join(folder, "file"), path),
  ]) {
    await make();
    await expect(open()).rejects.toThrow(
      `${path} exists and is no Unix socket: remove it, or choose another`,
    );
    expect(await Bun.file(join(folder, "file")).text()).toBe("kept");
    await rm(path);
  }
  path = folder;
  await expect(open()).rejects.toThrow("is no Unix socket");
});

test("a folder that is missing is named, and what to do about it", async () => {
  path = join(folder, "missing/a.sock");
  await expect(open()).rejects.toThrow(
    `The folder ${join(folder, "missing")} of the Unix socket does not exist: create it, in a systemd unit with RuntimeDirectory=, or change --listen.`,
  );
});

const notNobody = await whyNotNobody();
const none = notNobody !== null && skipped("sockets in folders of others", notNobody);
test.skipIf(none)("a folder in which this user may not create it is named", async () => {
  await chmod(folder, 0o755);
  const root = await mkdtemp(join(tmpdir(), "sluice-unix-root-"));
  await chmod(root, 0o777);
  const wrong = spawnAs(NOBODY, root, "--allow", "read", "--listen", `unix:${path}`);
  expect(await wrong.exited).toBe(1);
  expect(wrong.stderr).toStartWith(`sluice: The Unix socket ${path} cannot be made: `);
  await rm(root, { recursive: true });
});
