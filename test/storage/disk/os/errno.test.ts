// Conversion of system errors to problems, which must not reveal anything about the system.

import { describe, expect, test } from "bun:test";
import { Problem } from "../../../../src/errors.ts";
import { diskProblem, errnoOf } from "../../../../src/storage/disk/os/errno.ts";
import { systemError } from "../faults.ts";

describe("diskProblem()", () => {
  test.each([
    ["ENOSPC", "storage_full"],
    ["EDQUOT", "storage_full"],
    ["EFBIG", "file_too_large"],
    ["EROFS", "storage_read_only"],
    ["EACCES", "storage_read_only"],
    ["EPERM", "storage_read_only"],
    ["ENOENT", "storage_gone"],
    ["ESTALE", "storage_gone"],
    ["EMFILE", "out_of_files"],
    ["ENFILE", "out_of_files"],
    ["ENAMETOOLONG", "invalid_path"],
    ["EXDEV", "other_file_system"],
    ["ELOOP", "link_in_path"],
    ["ENOTDIR", "not_a_folder"],
    ["EISDIR", "is_folder"],
    ["EIO", "storage_failed"],
    ["ENOMEM", "storage_failed"],
    ["EBADF", "storage_failed"],
  ] as const)("makes %s a %s that does not name it", (errno, code) => {
    const error = systemError(errno);
    const problem = diskProblem(error);
    expect(problem.code).toBe(code);
    expect(problem.cause).toBe(error);
    const shown = [problem.detail, ...(problem.errors ?? []).map(({ detail }) => detail)];
    expect(shown.join(" ")).not.toMatch(/E[A-Z]{3,}|\/|injected/);
  });

  test("returns a problem unchanged", () => {
    const problem = new Problem("name_taken", "x");
    expect(diskProblem(problem)).toBe(problem);
  });

  test("accepts any thrown value", () => {
    for (const thrown of ["text", 7, null, undefined, {}, new Error("no code"), { code: "ENOSPC" }])
      expect(diskProblem(thrown).code).toBe("storage_failed");
  });

  test("has Retry-After for exhausted descriptors", () => {
    expect(diskProblem(systemError("EMFILE")).headers).toEqual({ "retry-after": "5" });
  });
});

describe("errnoOf()", () => {
  test("returns the name of a system error, and undefined for other values", () => {
    expect(errnoOf(systemError("EIO"))).toBe("EIO");
    expect(errnoOf(Object.assign(new Error(), { code: 20 }))).toBeUndefined();
    expect(errnoOf(new Error())).toBeUndefined();
    expect(errnoOf({ code: "EIO" })).toBeUndefined();
  });
});
