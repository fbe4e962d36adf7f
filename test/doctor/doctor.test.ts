// `sluice doctor` as a process: output, exit code, and that it leaves nothing in the root.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, statSync } from "node:fs";
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openWorkspace } from "../../src/doctor/disk/workspace.ts";
import { until } from "../support/server.ts";
import { spawn, spawnServing } from "../support/spawn.ts";

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "sluice-doctor-")));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const tree = (): string[] => readdirSync(folder, { recursive: true }).map(String).toSorted();

async function examined(...words: string[]) {
  await using child = spawn("doctor", ...words, "--json");
  const code = await child.exited;
  const report = JSON.parse(child.stdout);
  const finding = (check: string) => report.findings.find((one: { check: string }) => one.check === check);
  return { code, report, finding, stderr: child.stderr };
}

describe("a good root", () => {
  test("is measured within 15 s, and nothing is left in it", async () => {
    await writeFile(join(folder, "mine.txt"), "mine");
    const { code, report, finding, stderr } = await examined(folder, "--port", "0", "--keep-free", "0");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(tree()).toEqual(["mine.txt"]);
    expect(report).toMatchObject({ root: folder, verdict: expect.stringMatching(/^(ok|warning)$/) });
    expect(report.seconds).toBeLessThan(15);
    for (const check of ["write-speed", "read-speed"]) {
      expect(finding(check).figures.bytesPerSecond).toBeGreaterThan(0);
    }
    const { samples, p50, p95, max } = finding("sync-latency").figures;
    expect(samples).toBeGreaterThan(0);
    expect(p50 <= p95 && p95 <= max).toBe(true);
    expect(finding("hard-links").verdict).toBe("ok");
    const names = report.findings.map(({ check }: { check: string }) => check);
    expect(new Set(names).size).toBe(names.length);
    for (const { verdict, advice } of report.findings) expect(verdict === "ok" || Boolean(advice)).toBe(true);
  });

  test("that was missing is removed again afterwards, with the folders above it", async () => {
    const { code } = await examined(join(folder, "a/b"), "--port", "0", "--keep-free", "0");
    expect({ code, tree: tree() }).toEqual({ code: 0, tree: [] });
  });

  test("is reported as text, without colours if the output is not a terminal", async () => {
    await using child = spawn("doctor", folder, "--port", "0", "--keep-free", "0");
    expect(await child.exited).toBe(0);
    expect(child.stdout).toMatch(/^ {2}[✓!] Write speed +\d+(\.\d+)? [MG]B\/s$/m);
    expect(child.stdout).toContain("No problems found.");
    expect(child.stdout).not.toContain("\x1b");
  });
});

describe("exits with 1 for", () => {
  test("a root that is a file", async () => {
    await writeFile(join(folder, "file"), "");
    const { code, finding } = await examined(join(folder, "file"), "--port", "0");
    expect({ code, ...finding("writable") }).toMatchObject({
      code: 1,
      verdict: "problem",
      value: "no: it is not a folder",
    });
  });

  test("less free space than --keep-free, and writes nothing", async () => {
    const { code, finding } = await examined(folder, "--port", "0", "--keep-free", "1PiB");
    expect(code).toBe(1);
    expect(finding("free-space")).toMatchObject({ verdict: "problem" });
    expect(finding("write-speed")).toBeUndefined();
    expect(tree()).toEqual([]);
  });

  test("a port in use, and names the process that uses it", async () => {
    await using taken = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("no Sluice") });
    const { code, finding } = await examined(folder, "--port", String(taken.port), "--keep-free", "0");
    expect(code).toBe(1);
    expect(finding("port").value).toEndWith(`(process ${process.pid})`);
  });
});

test("measures while the server runs, in the folder that the server cleans up", async () => {
  await using server = await spawnServing(folder, "--keep-free", "0");
  const { port } = new URL(server.url);
  const before = tree();
  const { code, finding } = await examined(folder, "--port", port, "--keep-free", "0");
  expect({ code, value: finding("port").value }).toMatchObject({
    code: 0,
    value: expect.stringContaining("where Sluice "),
  });
  expect(tree()).toEqual(before);
  const elsewhere = await examined(folder, "--port", "0", "--keep-free", "0");
  expect({ code: elsewhere.code, value: elsewhere.finding("port").value }).toEqual({
    code: 1,
    value: "another Sluice serves this root",
  });
  // A read-only server may run at the same time.
  const reading = await examined(folder, "--port", "0", "--keep-free", "0", "--allow", "read");
  expect({ code: reading.code, verdict: reading.finding("port").verdict }).toEqual({
    code: 0,
    verdict: "ok",
  });
});

test.each(["SIGINT", "SIGTERM"] as const)("%s stops it early, and nothing is left", async (signal) => {
  await using child = spawn("doctor", folder, "--port", "0", "--keep-free", "0");
  await until("the measurement has begun", () => tree().length > 0 || child.stdout !== "");
  child.signal(signal);
  expect({ code: await child.exited, stdout: child.stdout }).toEqual({ code: 130, stdout: "" });
  expect(child.stderr).toBe("sluice: interrupted; no files were left behind.\n");
  expect(tree()).toEqual([]);
});

describe("the folder for measurements", () => {
  test("contains unnamed files, which vanish if the process is killed", async () => {
    const workspace = await openWorkspace(folder);
    const { device } = await workspace.file();
    expect(await device.write(new Uint8Array(1000), 0)).toBe(1000);
    expect(tree()).toHaveLength(1);
    expect(statSync(join(folder, tree()[0] ?? "")).isDirectory()).toBe(true);
    await workspace.close();
    expect(tree()).toEqual([]);
  });

  test("is the server's own folder if it exists, but never a link", async () => {
    await mkdir(join(folder, "root/.sluice/uploads"), { recursive: true });
    const inside = await openWorkspace(join(folder, "root"));
    expect(inside.folder).toBe(join(folder, "root/.sluice/uploads"));
    await inside.close();
    expect(existsSync(inside.folder)).toBe(true);

    await mkdir(join(folder, "other"));
    await mkdir(join(folder, "elsewhere"));
    await symlink(join(folder, "elsewhere"), join(folder, "other/.sluice"));
    const beside = await openWorkspace(join(folder, "other"));
    expect(beside.folder).toStartWith(join(folder, "other/.sluice-doctor-"));
    await beside.close();
    expect(readdirSync(join(folder, "other"))).toEqual([".sluice"]);
  });
});
