// The log: one line per event, whatever clients send, as text or JSON.

import { describe, expect, test } from "bun:test";
import { Problem } from "../../src/errors.ts";
import { createLog, printable } from "../../src/plugins/log.ts";
import { SavedFile } from "../../src/routes/openapi/shapes.ts";
import { bodyIn } from "../support/answer.ts";
import { startServer } from "../support/server.ts";

const EVIL = `evil\u202e\u2066\u200f.txt`;

describe("printable", () => {
  test.each([
    ["a\nb", "a\\u000ab"],
    ["\u001b[31mred", "\\u001b[31mred"],
    ["\u009b31m", "\\u009b31m"],
    ["a\u2028b\u2029c", "a\\u2028b\\u2029c"],
    ["\u202egpj.exe", "\\u202egpj.exe"],
    ["ü 漢 😀", "ü 漢 😀"],
  ])("%j is shown as %s", (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  test("is limited in length", () => {
    expect(printable("x".repeat(10_000))).toBe(`${"x".repeat(500)}…`);
  });
});

/** The lines of a log. */
function logged(format: "text" | "json", write: (log: ReturnType<typeof createLog>) => void): string[] {
  const lines: string[] = [];
  write(createLog(format, (line) => lines.push(line)));
  return lines;
}

describe("text", () => {
  test("a line begins with the time", () => {
    expect(logged("text", (log) => log.say("Hello."))).toEqual([
      expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z Hello\.$/),
    ]);
  });

  test("a saved file is one line with its report", async () => {
    await using server = await startServer();
    await server.fetch(`/files/${encodeURIComponent(EVIL)}`, { method: "PUT", body: "hello" });
    expect(server.log).toHaveLength(1);
    expect(server.log[0]).toMatch(
      / saved evil\\u202e\\u2066\\u200f\.txt · 5 B in \d+ ms · by 127\.0\.0\.1 · [0-9a-f-]{36}$/,
    );
  });
});

describe("json", () => {
  test("a saved file is one object with path, size and report", async () => {
    await using server = await startServer({ log: "json" });
    const answer = await server.fetch("/files/d/a%20b", { method: "PUT", body: "hello" });
    expect(server.log).toHaveLength(1);
    const { flow } = await bodyIn(SavedFile, answer);
    expect(JSON.parse(server.log[0] ?? "")).toEqual({
      time: expect.stringMatching(/Z$/),
      event: "saved",
      request: "PUT /files/d/a%20b",
      path: "d/a b",
      size: 5,
      flow,
      by: "127.0.0.1",
      id: answer.headers.get("x-request-id"),
    });
  });

  test("no line contains bidirectional control characters, and all can be parsed", async () => {
    await using server = await startServer({ log: "json" });
    const path = `/files/${encodeURIComponent(EVIL)}`;
    await server.fetch(path, { method: "PUT", body: "x" });
    await server.fetch(path, { method: "DELETE" });
    expect(server.log).toHaveLength(2);
    for (const line of server.log) {
      expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/);
      expect(JSON.parse(line)).toMatchObject({ path: EVIL });
    }
  });

  test("messages of the server itself are written", () => {
    const [line = ""] = logged("json", (log) => log.say("a\nb"));
    expect(JSON.parse(line)).toEqual({ time: expect.any(String), event: "server", message: "a\nb" });
  });

  test("a problem is written with its cause, which clients do not see", () => {
    const cause = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    const problem = new Problem("storage_full", "The disk is full.", { cause });
    const request = new Request("http://host/files/a?secret=1", { method: "PUT" });
    const [line = ""] = logged("json", (log) => log.problem(request, problem));
    expect(JSON.parse(line)).toEqual({
      time: expect.any(String),
      event: "problem",
      request: "PUT /files/a",
      code: "storage_full",
      status: 507,
      detail: "The disk is full.",
      cause: "ENOSPC: no space left on device, write",
    });
    expect(logged("text", (log) => log.problem(request, problem))).toEqual([
      expect.stringMatching(
        / 507 storage_full · PUT \/files\/a · The disk is full\. · ENOSPC: no space left on device, write$/,
      ),
    ]);
  });
});
