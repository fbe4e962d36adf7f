// The program run from source in a folder that clients can write: no file there changes its options or runs code.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, serve } from "../support/binary.ts";
import { until } from "../support/server.ts";

const TOP = join(import.meta.dir, "../..");
const SLUICE = join(TOP, "bin/sluice.ts");
const MAIN = join(TOP, "src/main.ts");
const QUIET = ["--no-env-file", "--config=/dev/null", "--tsconfig-override=/dev/null"];
const env = { PATH: `${join(TOP, "node_modules/.bin")}:/usr/bin:/bin` };

let folder: string;
let canary: string;
/** A root without config files of Bun, so that the program itself refuses to start, and a folder in it. */
let root: string;
let below: string;
beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "sluice-source-root-")));
  below = join(root, "below");
  await mkdir(below);
  folder = await realpath(await mkdtemp(join(tmpdir(), "sluice-source-")));
  canary = join(folder, "canary");
  const trap = `require("node:fs").writeFileSync(${JSON.stringify(canary)}, "caught");`;
  await Bun.write(join(folder, "trap.js"), trap);
  await Bun.write(join(folder, "bunfig.toml"), 'preload = ["./trap.js"]\n');
  for (const name of [".env", ".env.local", ".env.development", ".env.production"])
    await Bun.write(join(folder, name), "SLUICE_ALLOW=all\nNODE_OPTIONS=--require=./trap.js\n");
  for (const name of ["elysia", "commander"])
    await Bun.write(join(folder, `node_modules/${name}/index.js`), trap);
  await Bun.write(join(folder, "package.json"), '{"imports":{"#elysia":"./trap.js"}}');
  await Bun.write(join(folder, "tsconfig.json"), '{"compilerOptions":{"paths":{"*":["./trap.js"]}}}');
});
afterAll(async () => {
  for (const made of [folder, root]) await rm(made, { recursive: true });
});

describe("started inside the root", () => {
  test("Bun itself reads each of these config files, also tsconfig.json alone", async () => {
    const bun = await run([process.execPath, "--print", "process.env.SLUICE_ALLOW"], { cwd: folder });
    expect(bun.stdout).toBe("all\n");
    expect(existsSync(canary)).toBe(true);
    await rm(canary);
    await run([process.execPath, ...QUIET.slice(0, 2), MAIN, "--version"], { cwd: folder });
    expect(existsSync(canary)).toBe(true);
    await rm(canary);
  });

  test("the command sluice reads none of them and starts", async () => {
    await using server = await serve([SLUICE, "."], { cwd: folder, env });
    expect(server.root).toBe(folder);
    const refused = await fetch(`${server.url}/files/trap.js`, { method: "DELETE" });
    expect(await refused.json()).toMatchObject({ code: "not_allowed" });
    expect((await server.end("SIGTERM")).code).toBe(0);
    expect(existsSync(canary)).toBe(false);
  });

  test("src/main.ts does not start and names the reason, also in a folder below the root", async () => {
    for (const served of ["..", ".", root]) {
      const ended = await run([process.execPath, MAIN, served, "--port", "0"], { cwd: below, env });
      expect(ended).toMatchObject({ code: 2, stdout: "" });
      expect(ended.stderr).toStartWith(
        "sluice: the current folder is inside the root, and Bun obeys its bunfig.toml, tsconfig.json and .env",
      );
    }
  });

  test("src/main.ts starts if clients cannot write, or if Bun is run without reading these files", async () => {
    for (const words of [
      [process.execPath, MAIN, ".", "--allow", "read"],
      [process.execPath, ...QUIET, MAIN, "."],
    ]) {
      await using server = await serve(words, { cwd: below, env });
      expect((await fetch(`${server.url}/health`)).status).toBe(200);
      await server.end("SIGTERM");
    }
  });
});

test("a root that contains the source is refused, because clients could change the program", async () => {
  for (const served of [TOP, join(TOP, ".."), "/"]) {
    const ended = await run([process.execPath, ...QUIET, MAIN, served, "--port", "0"], { cwd: below, env });
    expect(ended).toMatchObject({ code: 2, stdout: "" });
    expect(ended.stderr).toStartWith("sluice: the root contains the source of this program");
  }
});

test("a server that another process has started is stopped with it, so that no test leaves one behind", async () => {
  const words = ["sh", "-c", '"$0" "$@" & wait', process.execPath, ...QUIET, MAIN, below];
  const server = await serve(words, { cwd: tmpdir(), env });
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
  await server[Symbol.asyncDispose]();
  await until("nothing listens there", () =>
    fetch(`${server.url}/health`).then(
      () => false,
      () => true,
    ),
  );
});
