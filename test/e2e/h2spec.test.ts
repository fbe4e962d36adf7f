// h2spec, the conformance tests of HTTP/2: nothing fails but what fails in Bun's server, below any handler.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer, type TestServer } from "../support/server.ts";
import { skipped } from "../support/switches.ts";

const MODULE = "github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible";

/** Cases that Bun's server fails when the answer is faster than the frames of the case: its end is a reset without an error. */
const MAY_FAIL = [
  "Sends multiple WINDOW_UPDATE frames increasing the flow control window to above 2^31-1 on a stream",
];

let folder: string;
let server: TestServer;
let program: string | null = null;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-h2spec-"));
  server = await startServer({ tls: true });
  program = await h2spec();
}, 300_000);
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

/** The program on PATH, or else built from its source; null where neither works. */
async function h2spec(): Promise<string | null> {
  const installed = Bun.which("h2spec");
  if (installed !== null) return installed;
  if (Bun.which("go") === null) return null;
  const env = { ...process.env, GOBIN: folder, GOFLAGS: "-modcacherw" };
  const build = Bun.spawn(["go", "install", MODULE], {
    env,
    cwd: folder,
    stdout: "ignore",
    stderr: "ignore",
  });
  return (await build.exited) === 0 ? join(folder, "h2spec") : null;
}

test("every case passes but those that Bun's server fails", async () => {
  if (program === null)
    return void skipped("h2spec", "h2spec is not on PATH, and go cannot build it", "install h2spec or go");
  const { port } = new URL(server.url);
  const report = join(folder, "report.xml");
  const words = ["-h", "127.0.0.1", "-p", port, "-t", "-k", "-P", "/health", "-o", "5", "-j", report];
  await Bun.spawn([program, ...words], { stdout: "ignore", stderr: "ignore" }).exited;
  const cases = [
    ...(await Bun.file(report).text()).matchAll(
      /<testcase [^>]*classname="([^"]*)"[^>]*>(.*?)<\/testcase>/gs,
    ),
  ];
  expect(cases.length).toBeGreaterThan(140);
  const failed = cases.filter(([, , result = ""]) => result.includes("<failure")).map(([, name]) => name);
  expect(failed.filter((name = "") => !MAY_FAIL.includes(name))).toEqual([]);
}, 120_000);
