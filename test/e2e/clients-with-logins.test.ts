// Programs with a login: curl, wget, aria2, rclone and tus-js-client, by token and by password; uploads that outlive a session.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AccessServer, bearer, PASSWORD, startAccessServer } from "../support/access.ts";
import { problemIn } from "../support/problem.ts";
import { isMissing } from "../support/switches.ts";
import { runTusUpload } from "../support/tus-run.ts";

const TEXT = "canary ".repeat(1000);
let server: AccessServer;
let folder = "";
let token = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-logins-"));
  server = await startAccessServer((database) => {
    database.account("alice", { docs: "read,write" });
    token = database.token("alice");
  });
  for (const name of ["docs/a.txt", "docs/b.txt", "private/c.txt"])
    await Bun.write(join(server.root, name), TEXT);
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

/** Runs a program in the folder. @returns its exit code */
async function run(...words: string[]): Promise<number> {
  const child = Bun.spawn(words, { cwd: folder, stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  const [code, complaints] = await Promise.all([child.exited, child.stderr.text()]);
  if (code !== 0) console.warn(complaints.slice(-300));
  return code;
}

const got = (name: string): Promise<string> => Bun.file(join(folder, name)).text();

describe("curl", () => {
  test.skipIf(isMissing("curl"))("sends a token, or a name and a password", async () => {
    const url = `${server.url}/files/docs/a.txt`;
    expect(await run("curl", "-sSf", "--oauth2-bearer", token, "-o", "bearer", url)).toBe(0);
    expect(await run("curl", "-sSf", "-u", `alice:${PASSWORD}`, "-o", "basic", url)).toBe(0);
    expect(await run("curl", "-sSf", "-u", `anything:${token}`, "-o", "either", url)).toBe(0);
    for (const name of ["bearer", "basic", "either"]) expect(await got(name)).toBe(TEXT);
    expect(
      await run("curl", "-sSf", "-u", `alice:${PASSWORD}`, "-T", "bearer", `${server.url}/files/docs/up`),
    ).toBe(0);
    expect(
      await run("curl", "-sSf", "-u", `alice:${PASSWORD}`, "-T", "bearer", `${server.url}/files/up`),
    ).toBe(22);
  });
});

describe("wget", () => {
  test.skipIf(isMissing("wget"))("answers the challenge", async () => {
    const login = ["--user=alice", `--password=${PASSWORD}`];
    expect(await run("wget", "-q", ...login, "-O", "wget", `${server.url}/files/docs/a.txt`)).toBe(0);
    expect(await got("wget")).toBe(TEXT);
  });
});

describe("aria2", () => {
  test.skipIf(isMissing("aria2c"))("downloads with four connections", async () => {
    const login = ["--http-user=alice", `--http-passwd=${PASSWORD}`];
    const words = ["-q", "-x4", "-k1M", "-o", "aria2", `${server.url}/files/docs/a.txt`];
    expect(await run("aria2c", ...login, ...words)).toBe(0);
    expect(await got("aria2")).toBe(TEXT);
  });
});

describe("rclone", () => {
  test.skipIf(isMissing("rclone"))("copies a folder, and no file of another", async () => {
    const remote = ["--http-url", `${server.url}/files/`, "--http-headers", `Authorization,Bearer ${token}`];
    expect(await run("rclone", "--config", "", ...remote, "copy", ":http:docs", "rclone")).toBe(0);
    expect(await readdir(join(folder, "rclone"))).toEqual(expect.arrayContaining(["a.txt", "b.txt"]));
    expect(await run("rclone", "--config", "", ...remote, "copy", ":http:", "everything")).toBe(0);
    expect(await readdir(join(folder, "everything"))).toEqual(["docs"]);
  });
});

describe("an upload", () => {
  test("by tus-js-client with a token", async () => {
    await Bun.write(join(folder, "tus.bin"), TEXT);
    const headers = bearer(token);
    const options = { endpoint: `${server.url}/uploads`, protocol: "tus-v1", headers } as const;
    await runTusUpload(join(folder, "tus.bin"), {
      ...options,
      metadata: { folder: "docs", filename: "tus.bin" },
    });
    expect(await Bun.file(join(server.root, "docs/tus.bin")).text()).toBe(TEXT);
  });

  test("goes on when its session has ended (filebrowser#2152), but not when its account is disabled", async () => {
    const ask = (path: string, method: string, headers: Record<string, string>, body?: string) =>
      server.fetch(path, { method, headers, ...(body !== undefined && { body }) });
    const login = JSON.stringify({ name: "alice", password: PASSWORD });
    const answer = await ask("/api/session", "POST", { "content-type": "application/json" }, login);
    const [cookie = ""] = (answer.headers.get("set-cookie") ?? "").split(";");
    const origin = { cookie, "sec-fetch-site": "same-origin" };
    const tus = { "tus-resumable": "1.0.0", "upload-length": "10" };
    const created = await ask("/uploads?path=docs/long", "POST", { ...origin, ...tus });
    const url = created.headers.get("location") ?? "";
    expect((await ask("/api/session", "DELETE", origin)).status).toBe(204);

    const bytes = { "tus-resumable": "1.0.0", "content-type": "application/offset+octet-stream" };
    expect((await ask(url, "PATCH", { ...bytes, "upload-offset": "0" }, "12345")).status).toBe(204);
    await problemIn(await ask("/uploads?path=docs/other", "POST", { ...tus, ...origin }), "login_required");
    server.database.change("setDisabled", { name: "alice", disabled: true });
    await server.read();
    await problemIn(await ask(url, "PATCH", { ...bytes, "upload-offset": "5" }, "67890"), "revoked");
    server.database.change("setDisabled", { name: "alice", disabled: false });
    await server.read();
    expect((await ask(url, "PATCH", { ...bytes, "upload-offset": "5" }, "67890")).status).toBe(204);
    expect(await Bun.file(join(server.root, "docs/long")).text()).toBe("1234567890");
  });
});
