// Paths in URLs: every broken rule is reported with its position, in a bounded list.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { LIMIT_REACHED } from "../../../src/errors.ts";
import { problemIn } from "../../support/problem.ts";
import { connect } from "../../support/raw.ts";
import { startServer, type TestServer } from "../../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

/** Sends exactly this path, because `fetch` would resolve dot segments. */
async function ask(method: string, path: string, body = "x") {
  using connection = await connect(server.url);
  const head = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
  await connection.send(Buffer.from(head + body));
  return await connection.answer({ head: method === "HEAD" });
}

async function errorsOf(method: string, path: string) {
  const { errors = [] } = await problemIn(await ask(method, path), "invalid_path");
  return errors.map(({ code, pointer }) => `${pointer} ${code}`);
}

describe("PUT with an invalid path", () => {
  test.each([
    ["/files/", ["/path/0 empty_segment"]],
    ["/files/a/", ["/path/1 empty_segment"]],
    ["/files/a//b", ["/path/1 empty_segment"]],
    ["/files//a", ["/path/0 empty_segment"]],
    ["/files/..%2Fx", ["/path/0 parent_segment"]],
    ["/files/a%2F..%2F..%2Fx", ["/path/1 parent_segment", "/path/2 parent_segment"]],
    ["/files/%2e%2e%2fx", ["/path/0 parent_segment"]],
    ["/files/a%2F.%2Fb", ["/path/1 dot_segment"]],
    ["/files/a%00b", ["/path/0 control_character"]],
    ["/files/a%0Db%C2%85", ["/path/0 control_character"]],
    ["/files/a%5Cb", ["/path/0 backslash"]],
    ["/files/..%5C..%5Cx", ["/path/0 backslash"]],
    ["/files/NUL.tar.gz", ["/path/0 device_name"]],
    ["/files/d/con", ["/path/1 device_name"]],
    ["/files/a./b%20", ["/path/0 trailing_dot_or_space", "/path/1 trailing_dot_or_space"]],
    ["/files/.sluice/x", ["/path/0 reserved_name"]],
    ["/files/.SLUICE", ["/path/0 reserved_name"]],
    ["/files/%ff", ["/path invalid_encoding"]],
    ["/files/%zz", ["/path invalid_encoding"]],
    ["/files/%", ["/path invalid_encoding"]],
    ["/files/%ED%A0%80", ["/path invalid_encoding"]],
    [`/files/${"x".repeat(256)}`, ["/path/0 segment_too_long"]],
    [`/files/${"%C3%A9".repeat(128)}`, ["/path/0 segment_too_long"]],
    [`/files/${"a/".repeat(64)}a`, ["/path too_many_segments"]],
    [`/files/${`${"x".repeat(250)}/`.repeat(16)}${"y".repeat(200)}`, ["/path path_too_long"]],
    ["/files/%252e%252e%252fx%5C%00", ["/path/0 control_character", "/path/0 backslash"]],
  ])("%p", async (path, expected) => {
    expect(await errorsOf("PUT", path)).toEqual(expected);
  });

  test("writes nothing", async () => {
    expect((await readdir(server.root)).toSorted()).toEqual([".sluice"]);
  });
});

describe("every route checks its paths", () => {
  test.each([
    ["GET", "/files/..%2Fx", "/path/0 parent_segment"],
    ["DELETE", "/files/..%2Fx", "/path/0 parent_segment"],
    ["POST", "/files/..%2Fx", "/folder/0 parent_segment"],
    ["POST", "/files/?name=..%2Fx", "/path/0 parent_segment"],
    ["POST", "/files/a/?name=b%2F..%2Fx", "/path/1 parent_segment"],
    ["GET", "/api/entries?folder=..%2Fx", "/folder/0 parent_segment"],
    ["GET", "/api/archive?paths=a&paths=b%2F..%2Fx", "/paths/1/1 parent_segment"],
    ["GET", "/api/entries?folder=a//b", "/folder/1 empty_segment"],
    ["GET", "/files/a//", "/path/1 empty_segment"],
  ])("%s %s", async (method, path, expected) => {
    expect(await errorsOf(method, path)).toEqual([expected]);
  });

  test("dot segments that the URL resolves lead out of /files", async () => {
    for (const path of ["/files/../etc/passwd", "/files/%2e%2e/x", "//files/a", "/files\\..\\x"])
      await problemIn(await ask("PUT", path), "not_found");
  });
});

describe("the list of errors is bounded", () => {
  const breaks = (count: number): string => Array.from({ length: count }, () => "..").join("%2F");

  test("ten entries, one that states the limit, and the number of further errors", async () => {
    const { errors = [], errorsOmitted } = await problemIn(
      await ask("PUT", `/files/${breaks(14)}`),
      "invalid_path",
    );
    expect(errors).toHaveLength(11);
    expect(errors[9]).toMatchObject({ code: "parent_segment", pointer: "/path/9" });
    expect(errors[10]).toEqual({ code: "too_many_errors", detail: "Maximum error limit reached" });
    expect(errorsOmitted).toBe(4);
  });

  test("nine errors are all listed", async () => {
    const { errors = [], errorsOmitted } = await problemIn(
      await ask("PUT", `/files/${breaks(9)}`),
      "invalid_path",
    );
    expect(errors).toHaveLength(9);
    expect(errorsOmitted).toBe(0);
  });

  test("also for thousands of broken rules, without quoting the path", async () => {
    const answer = await ask("PUT", `/files/${breaks(2000)}`);
    const { errors = [], errorsOmitted } = await problemIn(answer, "invalid_path");
    expect(errors.at(-1)).toEqual(LIMIT_REACHED);
    // Two errors of the whole path, one for each segment.
    expect(errors.length - 1 + (errorsOmitted ?? 0)).toBe(2002);
    expect(answer.body.byteLength).toBeLessThan(2000);
  });

  test("by --max-errors", async () => {
    for (const maxErrors of [1, 3, 100]) {
      await using strict = await startServer({ maxErrors });
      const answer = await strict.fetch(`/files/${breaks(120)}`, { method: "PUT", body: "x" });
      const { errors = [], errorsOmitted } = await problemIn(answer, "invalid_path");
      expect(errors).toHaveLength(maxErrors + 1);
      expect(errors.at(-1)).toEqual(LIMIT_REACHED);
      expect(maxErrors + (errorsOmitted ?? 0)).toBe(121);
    }
  });
});
