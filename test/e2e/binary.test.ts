// The compiled program in an empty folder with an empty environment, and next to config files that Bun would read.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TOTP } from "otpauth";
import manifest from "../../package.json";
import { AccessDatabase, bearer, PASSWORD } from "../support/access.ts";
import { type Binary, buildBinary, run, serve } from "../support/binary.ts";
import { Visitor } from "../support/login.ts";
import { connect } from "../support/raw.ts";
import { until } from "../support/server.ts";

let binary: Binary;
let cwd: string;

beforeAll(async () => {
  binary = await buildBinary();
}, 120_000);
afterAll(() => binary[Symbol.asyncDispose]());
beforeEach(async () => {
  cwd = await realpath(await mkdtemp(join(tmpdir(), "sluice-empty-")));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const sluice = (...words: string[]) => run([binary.path, ...words], { cwd });

// A binary given by TEST_BINARY is not built here.
if (!process.env.TEST_BINARY)
  test("the build prints the binary's path, its size and the time", () => {
    expect(binary.built).toMatch(/^.*\/sluice: \d+\.\d MB in \d+\.\d s\n$/);
  });

describe("commands that start no server", () => {
  test("--version is the version of package.json", async () => {
    expect(await sluice("--version")).toEqual({
      code: 0,
      stdout: `sluice ${manifest.version}\n`,
      stderr: "",
    });
    expect(await readdir(cwd)).toEqual([]);
  });

  test("--help names every flag and creates no file", async () => {
    const { code, stdout, stderr } = await sluice("--help");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const flag of ["--port", "--allow", "--keep-free", "--drain"]) expect(stdout).toContain(flag);
    expect(await readdir(cwd)).toEqual([]);
  });

  test("an unknown flag exits with 2 and suggests the nearest one", async () => {
    const { code, stdout, stderr } = await sluice("--prot", "80");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toStartWith('sluice: unknown flag "--prot"; the nearest is --port\n');
  });

  test("an address of another machine exits with 1 and names the flag", async () => {
    const { code, stdout, stderr } = await sluice("--host", "192.0.2.1", "--port", "0", "--allow", "write");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe("sluice: 192.0.2.1 is not an address of this machine: change --host.\n");
  });
});

test("doctor measures the disk, can call the C library, and leaves nothing", async () => {
  const { code, stdout, stderr } = await sluice("doctor", "--port", "0", "--keep-free", "0", "--json");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const { findings } = JSON.parse(stdout);
  const figures = (name: string) => findings.find(({ check }: { check: string }) => check === name).figures;
  expect(figures("write-speed").bytesPerSecond).toBeGreaterThan(0);
  expect(figures("read-speed").cold).toBe(1);
  expect(await readdir(cwd)).toEqual([]);
});

describe("a server", () => {
  test("saves, lists and sends a file, and stops on a signal", async () => {
    await using server = await serve([binary.path], { cwd });
    expect(server.root).toBe(join(cwd, "files"));

    const bytes = crypto.getRandomValues(new Uint8Array(3_000_000));
    const put = await fetch(`${server.url}/files/photos/a%20b.jpg`, { method: "PUT", body: bytes });
    expect(put.status).toBe(201);
    expect(await put.json()).toMatchObject({ path: "photos/a b.jpg", size: 3_000_000 });

    const form = new FormData();
    form.append("file", new File(["hello"], "hello.txt"));
    const posted = await fetch(`${server.url}/files/`, { method: "POST", body: form });
    expect(posted.status).toBe(201);

    const listing = await fetch(`${server.url}/api/entries?sort=name`);
    expect(await listing.json()).toMatchObject({
      entries: [
        { path: "hello.txt", kind: "file" },
        { path: "photos", kind: "folder" },
      ],
    });
    const got = await fetch(`${server.url}/files/photos/a%20b.jpg`);
    expect(got.status).toBe(200);
    expect(Buffer.compare(Buffer.from(await got.arrayBuffer()), bytes)).toBe(0);

    const { code, stdout, stderr } = await server.end("SIGTERM");
    expect(code).toBe(0);
    expect(stdout).toStartWith(`Sluice is listening on ${server.url} (root: ${join(cwd, "files")})\n`);
    expect(stderr).toContain("saved photos/a b.jpg · 3 MB in ");
    expect(stderr).toEndWith("Stopped.\n");
    expect(await readdir(cwd)).toEqual(["files"]);
    expect((await readdir(join(cwd, "files"))).sort()).toEqual([".sluice", "hello.txt", "photos"]);
  });

  test("checks passwords and saves sessions, each in a thread of its own, and has passkeys", async () => {
    const database = new AccessDatabase(join(cwd, "files"));
    database.account("alice", { "": "read" });
    database.close();
    await using server = await serve([binary.path], { cwd });
    const logIn = (password: string) =>
      fetch(`${server.url}/api/session`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name: "alice", password }),
      });
    expect((await logIn("wrong horse")).status).toBe(401);
    const answer = await logIn(PASSWORD);
    expect(answer.status).toBe(204);
    const [cookie = ""] = (answer.headers.get("set-cookie") ?? "").split(";");
    const me = await fetch(`${server.url}/api/me`, { headers: { cookie } });
    expect(await me.json()).toMatchObject({ name: "alice", words: ["list", "read"] });
    // Loads the library for passkeys.
    const options = await fetch(`${server.url}/api/session/passkey/options`, {
      method: "POST",
      headers: { host: new URL(server.url).host.replace("127.0.0.1", "localhost") },
    });
    expect(await options.json()).toMatchObject({ rpId: "localhost" });
  });

  test("makes accounts, tokens, links and hooks, and knows them", async () => {
    const received: string[] = [];
    using receiver = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      async fetch(request) {
        received.push(await request.text());
        return new Response(null, { status: 204 });
      },
    });
    const done = async (command: string, input = ""): Promise<string> => {
      const { code, stdout, stderr } = await run([binary.path, ...command.split(" ")], { cwd, input });
      expect({ command, code, stderr: code === 0 ? "" : stderr }).toEqual({ command, code: 0, stderr: "" });
      return stdout.trim();
    };
    await Bun.write(join(cwd, "files/team/large.bin"), new Uint8Array(3_000_000));
    await done("user add alice --password -", `${PASSWORD}\n`);
    await done("grant alice /team read,write,share");
    const token = await done("token add script --for alice --allow write=/team");
    await done(`hook add upload.saved ${receiver.url}`);
    const link: { url: string } = JSON.parse(await done("link /team --for alice --rate 2MB --json"));
    const address = link.url.replace(/^.*(?=\/s\/)/, "");

    await using server = await serve([binary.path], { cwd });
    const alice = new Visitor(server.url);
    expect((await alice.logIn("alice", { password: "wrong horse" })).status).toBe(401);
    expect((await alice.logIn("alice")).status).toBe(204);
    const app = await alice.send("POST", "/api/account/totp", { password: PASSWORD });
    const { secret, seal }: { secret: string; seal: string } = JSON.parse(await app.text());
    const code = new TOTP({ secret }).generate();
    expect((await alice.send("PUT", "/api/account/totp", { secret, seal, code })).status).toBe(204);
    expect((await new Visitor(server.url).logIn("alice")).status).toBe(401);
    const next = new TOTP({ secret }).generate({ timestamp: Date.now() + 30_000 });
    expect((await new Visitor(server.url).logIn("alice", { code: next })).status).toBe(204);

    const headers = bearer(token);
    const put = await fetch(`${server.url}/files/team/a.txt`, { method: "PUT", body: "text", headers });
    expect(put.status).toBe(201);
    expect((await fetch(`${server.url}/files/team/a.txt`, { headers })).status).toBe(404);
    await until("the hook is called", () => received.length > 0);
    expect(JSON.parse(received[0] ?? "")).toMatchObject({
      type: "upload.saved",
      data: { path: "team/a.txt" },
    });

    // 3 MB at 2 MB/s, of which the first moments are not held back.
    const started = performance.now();
    const large = await fetch(`${server.url}${address}/files/large.bin`);
    expect(large.headers.get("content-length")).toBe("3000000");
    expect((await large.bytes()).length).toBe(3_000_000);
    expect(performance.now() - started).toBeGreaterThan(500);
    for (const page of [address, "/invite", "/setup"])
      expect((await (await fetch(server.url + page)).text()).toLowerCase()).toStartWith("<!doctype html>");
    expect((await alice.fetch("/api/links")).status).toBe(200);
  });

  test("contains the web page", async () => {
    await using server = await serve([binary.path], { cwd });
    const pages = join(import.meta.dir, "../../public");
    const files = new Bun.Glob("**/*.{js,css,svg}").scan({ cwd: pages });
    const names = await Array.fromAsync(files);
    expect(names).toContain("app.js");
    expect(names).toContain("ui/dialog.css");
    for (const name of names) {
      const answer = await fetch(`${server.url}/${name}`);
      expect({ name, status: answer.status }).toEqual({ name, status: 200 });
      expect(answer.headers.get("content-type")).toMatch(/javascript|css|svg|image|json/);
      expect(await answer.text()).toBe(await Bun.file(join(pages, name)).text());
    }
    const page = await fetch(`${server.url}/`);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const written = await Bun.file(join(pages, "index.html")).text();
    // Filled in by the server: the grants, and the entries of the root, of which there are none.
    const expected = written
      .replace("read,write,replace,delete", "read,write")
      .replace('id="empty" hidden>', 'id="empty">');
    expect(await page.text()).toBe(expected);
  });

  test("contains the API page, its script and the page of problems", async () => {
    await using server = await serve([binary.path], { cwd });
    const get = async (path: string) => {
      const answer = await fetch(server.url + path);
      return { status: answer.status, type: answer.headers.get("content-type"), text: await answer.text() };
    };
    const page = await get("/swagger");
    expect(page).toMatchObject({ status: 200, type: "text/html; charset=utf-8" });
    const scripts = [...page.text.matchAll(/<script src="([^"]+)"/g)].map(([, path = ""]) => path);
    expect(scripts.length).toBeGreaterThan(0);
    for (const path of scripts)
      expect({ path, ...(await get(path)) }).toMatchObject({
        path,
        status: 200,
        type: "text/javascript; charset=utf-8",
        text: expect.stringContaining("createApiReference"),
      });
    const document = await get("/swagger/json");
    expect(JSON.parse(document.text)).toMatchObject({ info: { version: manifest.version } });
    const problems = await get("/problems");
    expect(problems).toMatchObject({ status: 200, type: "text/html; charset=utf-8" });
    expect(problems.text).toContain('id="/name_taken"');
  });

  test("answers /health, and errors as problems", async () => {
    await using server = await serve([binary.path], { cwd });
    const health = await fetch(`${server.url}/health`);
    expect(await health.json()).toEqual({ status: "ok", version: manifest.version });
    const nothing = await fetch(`${server.url}/nothing`);
    expect(nothing.status).toBe(404);
    expect(nothing.headers.get("content-type")).toBe("application/problem+json");
  });

  test("answers to every name it was given, and to no name at all", async () => {
    await using server = await serve([binary.path, "--hostname", "x,known.example"], { cwd });
    await Bun.write(join(cwd, "files/a.txt"), "here");
    for (const host of ["x", "known.example", "[::1]:1", ""]) {
      using connection = await connect(server.url);
      await connection.send(`GET /files/a.txt HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      expect({ host, text: (await connection.answer()).text }).toEqual({ host, text: "here" });
    }
  });

  test("answers a wrong request in the same way with NODE_ENV=production and without", async () => {
    const answers = [];
    for (const env of [{}, { NODE_ENV: "production" }]) {
      await using server = await serve([binary.path], { cwd, env });
      const headers = { "x-request-id": "same" };
      const answer = await fetch(`${server.url}/api/entries?limit=0&order=up`, { headers });
      answers.push({ status: answer.status, text: await answer.text() });
    }
    expect(answers[0]?.status).toBe(400);
    expect(answers[1]).toEqual(answers[0]);
  });
});

describe("files in the current folder", () => {
  test("set no options and run no code: .env, bunfig.toml, tsconfig.json, package.json", async () => {
    const canary = join(cwd, "canary");
    const trap = `require("node:fs").writeFileSync(${JSON.stringify(canary)}, "caught");`;
    await Bun.write(join(cwd, "trap.js"), trap);
    await Bun.write(join(cwd, "bunfig.toml"), 'preload = ["./trap.js"]\n');
    for (const name of [".env", ".env.local", ".env.development", ".env.production"])
      await Bun.write(join(cwd, name), "SLUICE_ALLOW=all\nNODE_OPTIONS=--require=./trap.js\n");
    for (const name of ["elysia", "commander"])
      await Bun.write(join(cwd, `node_modules/${name}/index.js`), trap);
    await Bun.write(join(cwd, "package.json"), '{"imports":{"#elysia":"./trap.js"}}');
    await Bun.write(join(cwd, "tsconfig.json"), '{"compilerOptions":{"paths":{"*":["./trap.js"]}}}');

    // Check the files themselves: Bun reads them.
    const bun = await run([process.execPath, "--print", "process.env.SLUICE_ALLOW"], { cwd });
    expect(bun.stdout).toBe("all\n");
    expect(existsSync(canary)).toBe(true);
    await rm(canary);

    await using server = await serve([binary.path, "."], { cwd });
    const refused = await fetch(`${server.url}/files/trap.js`, { method: "DELETE" });
    expect(await refused.json()).toMatchObject({ code: "not_allowed" });
    expect(refused.status).toBe(403);
    expect((await server.end("SIGTERM")).code).toBe(0);
    expect(existsSync(canary)).toBe(false);
  });
});
