// A server without root privileges, whose root contains entries of another user: nothing is partially deleted, and it can restart.

import { expect, setDefaultTimeout, test } from "bun:test";
import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Trash } from "../../src/routes/openapi/change-shapes.ts";
import { newUploadId } from "../../src/storage/upload-id.ts";
import { bodyIn } from "../support/answer.ts";
import { patient } from "../support/patience.ts";
import { problemIn } from "../support/problem.ts";
import { until } from "../support/server.ts";
import { listening, NOBODY, type Serving, spawnAs, whyNotNobody } from "../support/spawn.ts";
import { skipped } from "../support/switches.ts";

setDefaultTimeout(patient(60_000));

const reason = await whyNotNobody();
if (reason !== null)
  skipped("servers of another user", reason, "run it as root, in a folder that others may read");

/** A root that belongs to the user nobody, with entries of the user root. */
class SharedRoot implements AsyncDisposable {
  readonly #servers: Serving[] = [];

  private constructor(readonly root: string) {}

  static async make(): Promise<SharedRoot> {
    const root = await mkdtemp(join(tmpdir(), "sluice-shared-"));
    const shared = new SharedRoot(root);
    for (const path of ["shared/ours/a", "shared/foreign/b", "shared/z", "sticky/theirs", "sticky/ours"])
      await Bun.write(join(root, path), path);
    for (const path of ["", "shared", "shared/ours", "shared/ours/a", "shared/z", "sticky/ours"])
      await chown(join(root, path), NOBODY, NOBODY);
    await chmod(join(root, "sticky"), 0o1777);
    return shared;
  }

  async start(...flags: string[]): Promise<Serving> {
    const server = await listening(
      spawnAs(NOBODY, this.root, "--port", "0", "--allow", "all", "--keep-free", "0B", ...flags),
    );
    this.#servers.push(server);
    return server;
  }

  async tree(): Promise<string[]> {
    const names = await readdir(this.root, { recursive: true });
    return names.filter((name) => !name.startsWith(".sluice")).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await server[Symbol.asyncDispose]();
    await rm(this.root, { recursive: true });
  }
}

const remove = (server: Serving, path: string) =>
  fetch(`${server.url}/files/${path}?recursive=true`, { method: "DELETE" });
const put = (server: Serving, path: string) =>
  fetch(`${server.url}/files/${path}`, { method: "PUT", body: path });

test.skipIf(reason !== null)(
  "a folder with entries of another user is refused, names them, and is unchanged",
  async () => {
    await using root = await SharedRoot.make();
    const server = await root.start();
    const before = await root.tree();
    for (const [path, named] of [
      ["shared", "shared/foreign"],
      ["shared/foreign", "shared/foreign"],
      ["shared/foreign/b", "shared/foreign/b"],
      ["sticky/theirs", "sticky/theirs"],
    ] as const) {
      const { detail } = await problemIn(await remove(server, path), "no_access");
      expect(detail).toContain(`\`${named}\``);
      expect(detail).not.toContain(root.root);
    }
    expect(await root.tree()).toEqual(before);
    expect(await readdir(join(root.root, ".sluice/uploads"))).toEqual([]);
    expect((await remove(server, "sticky/ours")).status).toBe(204);
    expect((await remove(server, "shared/ours")).status).toBe(204);
    expect((await put(server, "new")).status).toBe(201);
  },
);

test.skipIf(reason !== null)("leftovers of another user are named and skipped at each start", async () => {
  await using root = await SharedRoot.make();
  await Bun.write(join(root.root, ".sluice/uploads/foreign/inner/file"), "x");
  await mkdir(join(root.root, ".sluice/uploads/own"));
  for (const path of [".sluice", ".sluice/uploads", ".sluice/uploads/own", ".sluice/uploads/foreign"])
    await chown(join(root.root, path), NOBODY, NOBODY);
  for (const start of [1, 2]) {
    const server = await root.start();
    await until("it names the leftover", () => server.stderr.includes("`foreign`"));
    expect((await put(server, `new ${start}`)).status).toBe(201);
    expect(await readdir(join(root.root, ".sluice/uploads"))).toEqual(["foreign"]);
    expect((await stat(join(root.root, ".sluice/uploads/foreign/inner/file"))).size).toBe(1);
    server.signal("SIGTERM");
    expect(await server.exited).toBe(0);
  }
});

test.skipIf(reason !== null)("an unfinished upload of another user is skipped at the start", async () => {
  await using root = await SharedRoot.make();
  const kept = join(root.root, ".sluice/kept");
  const id = newUploadId();
  for (const name of [`${id}.note`, `${id}.data`]) await Bun.write(join(kept, name), "x");
  await chmod(join(kept, `${id}.note`), 0o600);
  await mkdir(join(root.root, ".sluice/trash"), { mode: 0o700 });
  for (const path of [".sluice", ".sluice/kept"]) await chown(join(root.root, path), NOBODY, NOBODY);
  const server = await root.start();
  await until("it says that one is skipped", () => server.stderr.includes("are skipped: 1."));
  expect(server.stderr).not.toContain(id);
  expect((await put(server, "new")).status).toBe(201);
  expect((await readdir(kept)).sort()).toEqual([`${id}.data`, `${id}.note`]);
});

test.skipIf(reason !== null)(
  "an entry of the trash that cannot be deleted is unchanged, and can be restored",
  async () => {
    await using root = await SharedRoot.make();
    const server = await root.start("--trash", "1s");
    const before = await root.tree();
    expect((await remove(server, "shared")).status).toBe(204);
    expect((await put(server, "expires")).status).toBe(201);
    expect((await remove(server, "expires")).status).toBe(204);
    const trash = async () => (await bodyIn(Trash, await fetch(`${server.url}/api/trash`))).entries;
    await until("the other one has expired", async () => (await trash()).length === 1);
    await until("it says what is kept", () => server.stderr.includes("`shared/foreign`"));
    const [kept] = await trash();
    await problemIn(await fetch(`${server.url}/api/trash/${kept?.id}`, { method: "DELETE" }), "no_access");
    const body = JSON.stringify({ id: kept?.id });
    expect((await fetch(`${server.url}/api/trash/restore`, { method: "POST", body })).status).toBe(201);
    expect(await root.tree()).toEqual(before);
  },
);

test.skipIf(reason !== null)(
  "an upload that could not replace a file that is read-only can do so after a restart",
  async () => {
    await using root = await SharedRoot.make();
    await chmod(join(root.root, "sticky/theirs"), 0o444);
    const first = await root.start();
    const tus = { "tus-resumable": "1.0.0", "upload-length": "3" };
    const into = "/uploads?path=sticky/theirs&conflict=replace";
    const created = await fetch(first.url + into, { method: "POST", headers: tus });
    const upload = new URL(created.headers.get("location") ?? "", first.url).pathname;
    const headers = {
      ...tus,
      "upload-offset": "0",
      "content-type": "application/offset+octet-stream",
    };
    const sent = await fetch(first.url + upload, { method: "PATCH", headers, body: "new" });
    await problemIn(sent, "no_access");
    first.signal("SIGKILL");
    await first.exited;
    await chmod(join(root.root, "sticky"), 0o777);
    const second = await root.start();
    const asked = await fetch(second.url + upload, { method: "HEAD", headers: tus });
    expect([asked.status, asked.headers.get("upload-offset")]).toEqual([200, "3"]);
    expect(await Bun.file(join(root.root, "sticky/theirs")).text()).toBe("new");
    expect((await stat(join(root.root, "sticky/theirs"))).mode & 0o777).toBe(0o444);
  },
);
