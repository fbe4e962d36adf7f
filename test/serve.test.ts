// The running program: its ready line, graceful shutdown on a signal, and errors that prevent the start.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmod, exists, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type RawConnection } from "./support/raw.ts";
import { until } from "./support/server.ts";
import { type Serving, spawn, spawnServing } from "./support/spawn.ts";
import { watchEvents } from "./support/watch.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "sluice-serve-"));
});
afterEach(() => rm(root, { recursive: true }));

const LARGE = 30_000_000;
const HEAD = "HTTP/1.1\r\nHost: localhost\r\n";

/** Starts an upload of ten bytes and sends three of them. */
async function beginUpload(server: Serving, path = "a.bin"): Promise<RawConnection> {
  const connection = await connect(server.url);
  await connection.send(`PUT /files/${path} ${HEAD}Content-Length: 10\r\n\r\n012`);
  await until("it arrives", async () =>
    (await (await fetch(`${server.url}/api/uploads`)).text()).includes('"received":3'),
  );
  return connection;
}

const temporaries = () => readdir(join(root, ".sluice/uploads"));

describe("start", () => {
  test("prints its URL in the first line on standard output, and creates a missing root", async () => {
    const deeper = join(root, "not/yet/there");
    await using server = await spawnServing(deeper);
    expect(server.stdout).toStartWith(`Sluice is listening on ${server.url} (root: ${deeper})\n`);
    expect(new URL(server.url).hostname).toBe("127.0.0.1");
    expect(await exists(deeper)).toBe(true);
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
  });

  test("removes unfinished uploads of an earlier run", async () => {
    {
      await using server = await spawnServing(root);
      using _ = await beginUpload(server);
      expect(await temporaries()).toHaveLength(1);
      server.signal("SIGKILL");
      await server.exited;
    }
    expect(await temporaries()).toHaveLength(1);
    await using server = await spawnServing(root);
    expect(await temporaries()).toEqual([]);
    const listing = await fetch(`${server.url}/api/entries?hidden=true`);
    expect(await listing.json()).toMatchObject({ entries: [] });
  });

  test("a second server on the same root does not start, and the first keeps running", async () => {
    await using first = await spawnServing(root);
    using upload = await beginUpload(first);
    const second = spawn(root, "--port", "0");
    expect(await second.exited).toBe(1);
    expect(second.stderr).toBe(
      `sluice: ${root}: Another Sluice serves this root. Stop it first, or choose another root.\n`,
    );
    expect(second.stdout).toBe("");
    await upload.send("3456789");
    expect((await upload.answer()).status).toBe(201);
  });

  test("a port in use exits with 1 and names --port", async () => {
    await using first = await spawnServing(root);
    const port = new URL(first.url).port;
    const other = await mkdtemp(join(tmpdir(), "sluice-other-"));
    const second = spawn(other, "--port", port);
    expect(await second.exited).toBe(1);
    expect(second.stderr).toBe(
      `sluice: Port ${port} of 127.0.0.1 is already in use: choose another with --port, or --port 0 for any free port.\n`,
    );
    await rm(other, { recursive: true });
  });

  test("an address of another machine exits with 1 and names --host", async () => {
    const wrong = spawn(root, "--port", "0", "--host", "192.0.2.1", "--allow", "read");
    expect(await wrong.exited).toBe(1);
    expect(wrong.stderr).toContain("--host");
  });

  test("a root that is a file exits with 1", async () => {
    await Bun.write(join(root, "file"), "x");
    const wrong = spawn(join(root, "file"), "--port", "0");
    expect(await wrong.exited).toBe(1);
    expect(wrong.stderr).toBe(`sluice: The root ${join(root, "file")} is not a folder.\n`);
  });

  test("a root that is a file exits with 1, also for a read-only server", async () => {
    await writeFile(join(root, "plain"), "");
    const wrong = spawn(join(root, "plain"), "--port", "0", "--allow", "read");
    expect(await wrong.exited).toBe(1);
    expect(wrong.stderr).toContain("not a folder");
  });

  test("an invalid command line exits with 2", async () => {
    for (const words of [
      ["--prot", "1"],
      ["--port", "x"],
      ["--host", "0.0.0.0"],
    ]) {
      const wrong = spawn(root, ...words);
      expect(await wrong.exited).toBe(2);
      expect(wrong.stderr).toMatch(/^sluice: .*--(port|host)/);
      expect(wrong.stdout).toBe("");
    }
  });

  test("a read-only server creates nothing in its root", async () => {
    await Bun.write(join(root, "a"), "x");
    await chmod(root, 0o755);
    await using server = await spawnServing(root, "--allow", "read");
    expect(await (await fetch(`${server.url}/files/a`)).text()).toBe("x");
    expect(await readdir(root)).toEqual(["a"]);
  });
});

describe("a signal to stop", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "%s exits immediately with 0 when the server is idle",
    async (signal) => {
      await using server = await spawnServing(root);
      // The server does not wait for an idle keep-alive connection.
      using idle = await connect(server.url);
      await idle.send(`GET /health ${HEAD}\r\n`);
      await idle.answer();
      server.signal(signal);
      expect(await server.exited).toBe(0);
      expect(server.stderr).toMatch(/^\S+ Stopped\.\n$/);
    },
  );

  test("waits for a running upload, which is saved and answered, and exits with 0", async () => {
    await using server = await spawnServing(root);
    using upload = await beginUpload(server);
    server.signal("SIGTERM");
    await until("it says what it waits for", () => server.stderr.includes("waiting"));
    expect(server.stderr).toContain("SIGTERM: waiting up to 30 s for 1 upload: a.bin (30 %)");
    const health = await fetch(`${server.url}/health`);
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({ status: "draining" });
    expect((await fetch(`${server.url}/files/b`, { method: "PUT", body: "x" })).status).toBe(503);
    await upload.send("3456789");
    const answer = await upload.answer();
    expect(answer.status).toBe(201);
    expect(await server.exited).toBe(0);
    expect(await Bun.file(join(root, "a.bin")).text()).toBe("0123456789");
  });

  test("ends event streams without waiting for their clients", async () => {
    await using server = await spawnServing(root);
    using watching = await watchEvents(server.url);
    using deaf = await connect(server.url);
    deaf.pause();
    await deaf.send(`GET /api/uploads/events ${HEAD}\r\n`);
    await until("the first", () => watching.received.length > 0);
    server.signal("SIGTERM");
    await watching.ended;
    expect(await server.exited).toBe(0);
    expect(server.stderr).toMatch(/^\S+ Stopped\.\n$/);
  });

  test("waits for a running form, also between two of its files", async () => {
    await using server = await spawnServing(root);
    using connection = await connect(server.url);
    const part = (name: string) =>
      `--b\r\nContent-Disposition: form-data; name="f"; filename="${name}"\r\n\r\nhello\r\n`;
    const form = `${part("one")}${part("two")}--b--\r\n`;
    const half = part("one").length + "--b\r\n".length;
    const type = "Content-Type: multipart/form-data; boundary=b";
    await connection.send(
      `POST /files/ ${HEAD}${type}\r\nContent-Length: ${form.length}\r\n\r\n${form.slice(0, half)}`,
    );
    await until("the first is saved", () => exists(join(root, "one")));
    server.signal("SIGTERM");
    await until("it waits", () => server.stderr.includes("waiting"));
    await connection.send(form.slice(half));
    const answer = await connection.answer();
    expect([answer.status, JSON.parse(answer.text).files.length]).toEqual([201, 2]);
    expect(await server.exited).toBe(0);
  });

  /** Requests a large file and does not read it. */
  async function beginDownload(server: Serving): Promise<RawConnection> {
    await Bun.write(join(root, "large"), new Uint8Array(LARGE));
    const connection = await connect(server.url);
    await connection.send(`GET /files/large ${HEAD}\r\n`);
    await until("it begins", () => connection.unread.length > 0);
    connection.pause();
    return connection;
  }

  test("waits for a running download", async () => {
    await using server = await spawnServing(root);
    using download = await beginDownload(server);
    server.signal("SIGTERM");
    await until("it waits", () => server.stderr.includes("waiting up to 30 s for 1 other request;"));
    download.resume();
    expect((await download.answer()).body.length).toBe(LARGE);
    expect(await server.exited).toBe(0);
  });

  test("waits no longer than --drain; then removes the unfinished upload", async () => {
    await using server = await spawnServing(root, "--drain", "0.3");
    using upload = await beginUpload(server);
    const start = performance.now();
    server.signal("SIGTERM");
    expect(await server.exited).toBe(0);
    expect(performance.now() - start).toBeWithin(250, 5000);
    expect(server.stderr).toContain("--drain 0.3 s is over: 1 upload: a.bin (30 %) cut.");
    await upload.closed;
    expect(await temporaries()).toEqual([]);
    expect(await exists(join(root, "a.bin"))).toBe(false);
  });

  test("keeps the received bytes of a resumable upload", async () => {
    const tus = { "tus-resumable": "1.0.0" };
    let url = "";
    {
      await using server = await spawnServing(root, "--drain", "0.3");
      const made = { method: "POST", headers: { ...tus, "upload-length": "10" } };
      url = (await fetch(`${server.url}/uploads`, made)).headers.get("location") ?? "";
      using connection = await connect(server.url);
      const headers = `Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\n`;
      await connection.send(`PATCH ${url} ${HEAD}${headers}Content-Length: 10\r\n\r\n012`);
      await until("it arrives", async () =>
        (await (await fetch(`${server.url}/api/uploads`)).text()).includes('"received":3'),
      );
      server.signal("SIGTERM");
      expect(await server.exited).toBe(0);
    }
    await using server = await spawnServing(root);
    const asked = await fetch(server.url + url, { method: "HEAD", headers: tus });
    expect(asked.headers.get("upload-offset")).toBe("3");
  });

  test("waits no longer than --drain for a download", async () => {
    await using server = await spawnServing(root, "--drain", "0.3");
    using _ = await beginDownload(server);
    server.signal("SIGTERM");
    expect(await server.exited).toBe(0);
    expect(server.stderr).toContain("--drain 0.3 s is over: 1 other request cut.");
  });

  test("a second one exits immediately with 1, and cleans up", async () => {
    await using server = await spawnServing(root);
    using upload = await beginUpload(server);
    server.signal("SIGTERM");
    await until("it waits", () => server.stderr.includes("waiting"));
    // Signals within this interval count as one.
    await Bun.sleep(100);
    server.signal("SIGTERM");
    expect(await server.exited).toBe(1);
    await upload.closed;
    expect(await temporaries()).toEqual([]);
    await using again = await spawnServing(root);
    expect((await fetch(`${again.url}/health`)).status).toBe(200);
  });

  test("two signals at the same moment count as one", async () => {
    await using server = await spawnServing(root);
    using upload = await beginUpload(server);
    server.signal("SIGINT");
    server.signal("SIGTERM");
    await until("it waits", () => server.stderr.includes("waiting"));
    await upload.send("3456789");
    expect((await upload.answer()).status).toBe(201);
    expect(await server.exited).toBe(0);
  });

  test("does not wait with --drain 0", async () => {
    await using server = await spawnServing(root, "--drain", "0");
    using upload = await beginUpload(server);
    server.signal("SIGTERM");
    expect(await server.exited).toBe(0);
    await upload.closed;
    expect(await temporaries()).toEqual([]);
  });
});

test("log lines are written to standard error, as JSON with --log json", async () => {
  await using server = await spawnServing(root, "--log", "json");
  await fetch(`${server.url}/files/a`, { method: "PUT", body: "x" });
  await until("the line is there", () => server.stderr.includes("\n"));
  expect(JSON.parse(server.stderr)).toMatchObject({ event: "saved", path: "a", size: 1 });
  expect(server.stdout).not.toContain("saved");
});
