// The table of problems, and bounded lists of errors.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  type ErrorEntry,
  ErrorList,
  LIMIT_REACHED,
  PROBLEMS,
  Problem,
  problemBody,
  typeOf,
} from "../src/errors.ts";

const entries = (count: number): ErrorEntry[] =>
  Array.from({ length: count }, (_, index) => ({
    code: "backslash",
    detail: `${index}`,
    pointer: `/path/${index}`,
  }));

/** A list to which this many errors were added. */
function listOf(limit: number, count: number): ErrorList {
  const list = new ErrorList(limit);
  for (const entry of entries(count)) list.add(entry);
  return list;
}

describe("the table of problems", () => {
  test.each(Object.entries(PROBLEMS))("has a status, a title and advice for %s", (code, row) => {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(row.status).toBeGreaterThanOrEqual(400);
    expect(row.status).toBeLessThan(600);
    expect(row.title).toMatch(/^[A-Z][^.]+$/);
    expect(row.help).toMatch(/^[A-Z`].+\.$/s);
  });

  test("has the statuses of the contract", () => {
    const statusOf = (code: keyof typeof PROBLEMS): number => PROBLEMS[code].status;
    expect(statusOf("invalid_path")).toBe(400);
    expect(statusOf("no_files")).toBe(400);
    expect(statusOf("content_range")).toBe(400);
    expect(statusOf("digest_mismatch")).toBe(400);
    expect(statusOf("not_allowed")).toBe(403);
    expect(statusOf("cross_origin")).toBe(403);
    expect(statusOf("not_found")).toBe(404);
    expect(statusOf("method_not_allowed")).toBe(405);
    expect(statusOf("name_taken")).toBe(409);
    expect(statusOf("precondition_failed")).toBe(412);
    expect(statusOf("file_too_large")).toBe(413);
    expect(statusOf("concatenated_upload")).toBe(403);
    expect(statusOf("offset_mismatch")).toBe(409);
    expect(statusOf("upload_gone")).toBe(410);
    expect(statusOf("unsupported_version")).toBe(412);
    expect(statusOf("unsupported_encoding")).toBe(415);
    expect(statusOf("unsupported_type")).toBe(415);
    expect(statusOf("upload_locked")).toBe(423);
    expect(statusOf("checksum_mismatch")).toBe(460);
    expect(statusOf("too_many_uploads")).toBe(503);
    expect(statusOf("storage_full")).toBe(507);
  });
});

describe("a problem", () => {
  test("has the status of its row, and a cause that only the log contains", () => {
    const cause = new Error("ENOSPC: /srv/files/secret");
    const problem = new Problem("storage_full", "The disk is full.", { cause });
    expect(problem).toBeInstanceOf(Error);
    expect(problem.status).toBe(507);
    expect(problem.cause).toBe(cause);
    expect(problem.message).toBe("storage_full: The disk is full.");
    expect(JSON.stringify(problemBody(problem, 10))).not.toMatch(/ENOSPC|secret|cause/);
  });

  test("has no optional members by default", () => {
    const problem = new Problem("not_found", "Nothing.");
    expect(problem.cause).toBeUndefined();
    expect("cause" in problem).toBe(false);
    expect(problem.headers).toEqual({});
    expect(problem.errors).toBeUndefined();
  });
});

describe("a list of errors", () => {
  test("contains all errors while it is not full", () => {
    const list = listOf(10, 9);
    expect(list.full).toBe(false);
    expect(list.entries).toEqual(entries(9));
    expect([list.size, list.omitted]).toEqual([9, 0]);
  });

  test("is full after the tenth error, and states that in an eleventh entry", () => {
    const list = listOf(10, 10);
    expect(list.full).toBe(true);
    expect(list.entries).toEqual([
      ...entries(10),
      { code: "too_many_errors", detail: "Maximum error limit reached" },
    ]);
    expect([list.size, list.omitted]).toEqual([10, 0]);
  });

  test("counts further errors", () => {
    const list = listOf(10, 1000);
    expect(list.entries).toHaveLength(11);
    expect(list.omitted).toBe(990);
  });

  test("can have a limit of one", () => {
    expect(listOf(1, 0).entries).toEqual([]);
    expect(listOf(1, 1).entries).toEqual([...entries(1), LIMIT_REACHED]);
  });

  test("counts every error", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.nat(300), (limit, count) => {
        const list = listOf(limit, count);
        expect(list.size + list.omitted).toBe(count);
        expect(list.entries.length).toBeLessThanOrEqual(limit + 1);
        expect(list.full).toBe(count >= limit);
        expect(list.entries.at(-1) === LIMIT_REACHED).toBe(list.full);
      }),
    );
  });
});

describe("problemBody()", () => {
  test("is an RFC 9457 problem with a stable code", () => {
    expect(problemBody(new Problem("name_taken", "An entry with this name exists."), 10)).toEqual({
      type: "/problems#/name_taken",
      title: "The name is taken",
      status: 409,
      code: "name_taken",
      detail: "An entry with this name exists.",
    });
  });

  test("has the type and the members that a specification defines", () => {
    const members = { "expected-offset": 100, "provided-offset": 70 };
    expect<object>(problemBody(new Problem("offset_mismatch", "Go on from 100.", { members }), 10)).toEqual({
      type: "https://iana.org/assignments/http-problem-types#mismatching-upload-offset",
      title: "The offset does not match",
      status: 409,
      code: "offset_mismatch",
      detail: "Go on from 100.",
      "expected-offset": 100,
      "provided-offset": 70,
    });
    expect(typeOf("inconsistent_length")).toEndWith("#inconsistent-upload-length");
    expect(typeOf("upload_complete")).toEndWith("#completed-upload");
    expect(typeOf("upload_gone")).toBe("/problems#/upload_gone");
  });

  test("contains a list up to the limit unchanged", () => {
    for (const count of [1, 10]) {
      const body = problemBody(new Problem("invalid_path", "x", { errors: entries(count) }), 10);
      expect(body.errors).toEqual(entries(count));
      expect(body.errorsOmitted).toBe(0);
    }
  });

  test("cuts a longer list, states that in an entry, and counts the omitted errors", () => {
    const body = problemBody(new Problem("invalid_path", "x", { errors: entries(25), errorsOmitted: 4 }), 10);
    expect(body.errors).toEqual([...entries(10), LIMIT_REACHED]);
    expect(body.errorsOmitted).toBe(15 + 4);
  });

  test("contains a full list with the same limit unchanged", () => {
    const list = listOf(10, 14);
    const extras = { errors: list.entries, errorsOmitted: list.omitted };
    const body = problemBody(new Problem("invalid_multipart", "x", extras), 10);
    expect(body.errors).toEqual([...entries(10), LIMIT_REACHED]);
    expect(body.errorsOmitted).toBe(4);
  });

  test("cuts a full list with a higher limit, and does not count its final entry as an error", () => {
    const list = listOf(100, 150);
    const extras = { errors: list.entries, errorsOmitted: list.omitted };
    const body = problemBody(new Problem("invalid_path", "x", extras), 10);
    expect(body.errors).toEqual([...entries(10), LIMIT_REACHED]);
    expect(body.errorsOmitted).toBe(140);
  });

  test("contains at most one entry more than the limit, and counts every error", () => {
    const numbers = [
      fc.integer({ min: 1, max: 100 }),
      fc.integer({ min: 1, max: 100 }),
      fc.nat(300),
    ] as const;
    fc.assert(
      fc.property(...numbers, (kept, shown, count) => {
        const list = listOf(kept, count);
        const extras = { errors: list.entries, errorsOmitted: list.omitted };
        const { errors = [], errorsOmitted = 0 } = problemBody(
          new Problem("invalid_path", "x", extras),
          shown,
        );
        const real = errors.filter((entry) => entry !== LIMIT_REACHED);
        expect(real).toEqual(entries(Math.min(kept, shown, count)));
        expect(real.length + errorsOmitted).toBe(count);
        expect(errors.length - real.length).toBeLessThanOrEqual(1);
        if (errorsOmitted > 0) expect(errors.at(-1)).toBe(LIMIT_REACHED);
      }),
    );
  });
});
