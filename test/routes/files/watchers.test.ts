// Programs that watch a folder with inotify(7) get an event for every new file once it is complete.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Trash } from "../../../src/routes/openapi/change-shapes.ts";
import { openDisk } from "../../../src/storage/disk/disk.ts";
import { NAMING } from "../../storage/disk/faults.ts";
import { bodyIn } from "../../support/answer.ts";
import { Watch } from "../../support/inotify.ts";
import { startServer, type TestServer, until } from "../../support/server.ts";
import { skipped } from "../../support/switches.ts";
import { tusClient } from "../../support/tus-client.ts";

const elsewhere = process.platform !== "linux";
if (elsewhere) skipped("inotify", "this is not Linux", "run it on Linux");

/** The event that cp causes: the end of writing. */
const WRITTEN = "CLOSE_WRITE";
/** The event that mv causes. */
const MOVED = "MOVED_TO";

describe.skipIf(elsewhere).each(NAMING)("with %s, a watcher of the folder sees", (naming, calls) => {
  let root: string;
  let server: TestServer;
  let folder: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "sluice-watched-"));
    folder = join(root, "in");
    await mkdir(folder);
    server = await startServer({ root, storage: await openDisk(root, { calls }), trash: 3600 });
  });
  afterAll(async () => {
    await server.stop();
    await rm(root, { recursive: true, force: true });
  });

  const json = (path: string, body: unknown) =>
    server.fetch(path, { method: "POST", body: JSON.stringify(body) });
  /** Waits for an event: a descriptor of the upload may be closed a moment after the answer. */
  const told = (watch: Watch, event: string) =>
    until(`${event} among ${watch.seen.join(", ")}`, () => watch.seen.includes(event));

  test("a PUT of a new file, and one that replaces a file", async () => {
    {
      using watch = new Watch(folder);
      expect((await server.fetch("/files/in/a", { method: "PUT", body: "1" })).status).toBe(201);
      await told(watch, `${WRITTEN} a`);
      if (naming === "renameNew") expect(watch.seen[0]).toBe(`${MOVED} a`);
    }
    using watch = new Watch(folder);
    expect((await server.fetch("/files/in/a", { method: "PUT", body: "2" })).status).toBe(200);
    expect(watch.seen[0]).toBe(`${MOVED} a`);
    await told(watch, `${WRITTEN} a`);
  });

  test("every file of a form, including numbered ones", async () => {
    using watch = new Watch(folder);
    const form = new FormData();
    for (const name of ["one", "two", "two"]) form.append("file", new Blob([name]), name);
    expect((await server.fetch("/files/in/", { method: "POST", body: form })).status).toBe(201);
    for (const name of ["one", "two", "two (1)"]) await told(watch, `${WRITTEN} ${name}`);
  });

  test("a resumable upload after its last byte, and not before", async () => {
    const tus = tusClient(server);
    using watch = new Watch(folder);
    const made = await tus.post({ "upload-length": "2" }, null, "?path=in/resumed");
    const url = made.headers.get("location") ?? "";
    expect((await tus.patch(url, 0, "a")).status).toBe(204);
    expect(watch.seen).toEqual([]);
    expect((await tus.patch(url, 1, "b")).status).toBe(204);
    await told(watch, `${WRITTEN} resumed`);
    const again = await tus.post({ "upload-length": "1" }, null, "?path=in/resumed&conflict=replace");
    expect((await tus.patch(again.headers.get("location") ?? "", 0, "c")).status).toBe(204);
    await told(watch, `${MOVED} resumed`);
  });

  test("a copied file, and a copied folder", async () => {
    await server.fetch("/files/from/inner/a", { method: "PUT", body: "a" });
    using watch = new Watch(folder);
    expect((await json("/api/copy", { from: "from/inner/a", to: "in/copied" })).status).toBe(201);
    await told(watch, `${WRITTEN} copied`);
    expect((await json("/api/copy", { from: "from/inner", to: "in/folder" })).status).toBe(202);
    await told(watch, `${MOVED} folder`);
  });

  test("a moved file, and a moved folder", async () => {
    await server.fetch("/files/from/inner/b", { method: "PUT", body: "b" });
    using watch = new Watch(folder);
    expect((await json("/api/move", { from: "from/inner/b", to: "in/moved" })).status).toBe(201);
    await told(watch, `${naming === "renameNew" ? MOVED : WRITTEN} moved`);
    expect((await json("/api/move", { from: "from/inner", to: "in/moved folder" })).status).toBe(201);
    await told(watch, `${MOVED} moved folder`);
  });

  test("a file that is restored from the trash", async () => {
    await server.fetch("/files/in/restored", { method: "PUT", body: "r" });
    expect((await server.fetch("/files/in/restored", { method: "DELETE" })).status).toBe(204);
    const { entries } = await bodyIn(Trash, await server.fetch("/api/trash"));
    using watch = new Watch(folder);
    expect((await json("/api/trash/restore", { id: entries[0]?.id ?? "" })).status).toBe(201);
    await told(watch, `${naming === "renameNew" ? MOVED : WRITTEN} restored`);
  });
});
