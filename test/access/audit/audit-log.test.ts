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
  expect(warnings.length).toBe(1);
  await rm(file, { recursive: true });
  audit.add(entry('x"}\n{"who":"root"'));
  await audit.close();
  const lines = (await Bun.file(file).text())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines).toEqual([entry('x"}\n{"who":"root"'), expect.objectContaining({ lost: 1 })]);
  await rm(folder, { recursive: true });
});
