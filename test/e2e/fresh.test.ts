// A fresh copy of the sources without packages, started by the README's command: it installs the packages and serves.

import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { cp, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noHistory, output, TOP } from "../repository/git.ts";
import { serve } from "../support/binary.ts";
import { patient } from "../support/patience.ts";
import { skipped } from "../support/switches.ts";

if (noHistory) skipped("a fresh copy", noHistory, "run it in a clone");

test.skipIf(noHistory !== null)(
  "bun run start installs the packages of the server, saves and serves a file, and stops on a signal",
  async () => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "sluice-fresh-")));
    await using _ = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
    const copy = join(folder, "sluice");
    const files = output("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0");
    for (const file of files) {
      // git also lists files that are deleted but not committed.
      if (file !== "" && existsSync(join(TOP, file))) await cp(join(TOP, file), join(copy, file));
    }
    expect(existsSync(join(copy, "node_modules"))).toBe(false);

    const root = join(folder, "served");
    // `bun run` passes the signal on to the server.
    await using server = await serve([process.execPath, "run", "start", root], {
      cwd: copy,
      env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? folder, ...registry() },
    });
    // Packages that only developers need, three quarters of all bytes.
    for (const name of ["bun", "@biomejs/biome", "playwright-core"])
      expect(existsSync(join(copy, "node_modules", name))).toBe(false);

    const bytes = crypto.getRandomValues(new Uint8Array(5_000_000));
    const put = await fetch(`${server.url}/files/folder/file`, { method: "PUT", body: bytes });
    expect(put.status).toBe(201);
    const got = await fetch(`${server.url}/files/folder/file`);
    expect(Buffer.compare(Buffer.from(await got.arrayBuffer()), bytes)).toBe(0);
    const { code, stderr } = await server.end("SIGTERM");
    expect(stderr).toContain("Stopped.\n");
    expect(code).toBe(0);
  },
  patient(120_000),
);

/** Variables that configure the package registry and cache of this machine. */
function registry(): Record<string, string> {
  const names = /^(npm_config_|BUN_INSTALL|BUN_CONFIG_|https?_proxy|no_proxy|SSL_CERT|NODE_EXTRA_CA)/i;
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      names.test(name) && value ? [[name, value]] : [],
    ),
  );
}
