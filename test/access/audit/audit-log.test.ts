// The audit log: lines in order, rotated files, and a count of lines that were lost.

import { expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AuditEntry, AuditLog } from "../../../src/access/audit/audit-log.ts";

const entry = (path: string): AuditEntry => ({
  time: "2026-01-01T00:00:00.000Z",
  who: "alice",
  via: "token",
  address: "127.0.0.1",
  did: "saved",
  path,
  result: "ok",
  request: "r",
});

test("lines are written in order, and files are rotated and bounded", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-audit-"));
  const file = join(folder, "audit.jsonl");
  const audit = new AuditLog(file, () => {}, { bytes: 500, files: 2 });
  for (let number = 0; number < 12; number += 1) {
    audit.add(entry(`file ${number}`));
    await audit.close();
  }
  expect((await readdir(folder)).sort()).toEqual(["audit.1.jsonl", "audit.2.jsonl", "audit.jsonl"]);
  const last = (await Bun.file(file).text()).trim().split("\n").at(-1) ?? "";
  expect(JSON.parse(last).path).toBe("file 11");
  await rm(folder, { recursive: true });
});

test("lines that cannot be written are counted, and a name cannot forge a line", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-audit-"));
  const file = join(folder, "audit.jsonl");
  const warnings: string[] = [];
  const audit = new AuditLog(file, (message) => warnings.push(message));
  await mkdir(file);
  audit.add(entry("lost"));
  await audit.close();
  audit.add(entry("lost as well"));
  await audit.close();
  expect(warnings.length).toBe(1);
  await rm(file, { recursive: true });
  audit.add(entry('x"}\n{"who":"root"'));
  await audit.close();
  const lines = (await Bun.file(file).text())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines).toEqual([entry('x"}\n{"who":"root"'), expect.objectContaining({ lost: 2 })]);
  await rm(folder, { recursive: true });
});

test("a flood of refusals leaves the lines about changes in the file, and is counted", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-audit-"));
  const file = join(folder, "audit.jsonl");
  const audit = new AuditLog(file, () => {}, { bytes: 200_000, files: 1 });
  audit.add(entry("evidence"));
  for (let number = 0; number < 100_000; number += 1) audit.addRefusal(entry(`refusal ${number}`), 1000);
  audit.add(entry("later"));
  // A second later there is room for one more.
  audit.addRefusal(entry("next"), 2001);
  await audit.close();
  expect(await readdir(folder)).toEqual(["audit.jsonl"]);
  const lines = (await Bun.file(file).text())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines[0].path).toBe("evidence");
  expect(lines).toHaveLength(503);
  expect(lines.slice(-2)).toEqual([entry("later"), { ...entry("next"), omitted: 99_500 }]);
  await rm(folder, { recursive: true });
});
